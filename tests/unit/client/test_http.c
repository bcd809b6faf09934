/* The client against a scripted peer on a unix socket: what it sends, what it repeats, what it
 * refuses. TLS is tried by the scenario tests, with a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <client/api.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEARD_MAX 4096

/* Answers request i with answers[i], or closes without one when that is empty. */
struct peer {
    const char *const *answers;
    size_t n;
    char heard[4][HEARD_MAX];
    int fd;
    pthread_t thread;
    char path[108];
};

static void *serve(void *context)
{
    struct peer *peer = context;
    for (size_t i = 0; i < peer->n; i++) {
        int fd = accept(peer->fd, NULL, NULL);
        size_t n = 0;
        while (fd >= 0 && strstr(peer->heard[i], "\r\n\r\n") == NULL) {
            ssize_t got = read(fd, peer->heard[i] + n, HEARD_MAX - 1 - n);
            if (got <= 0)
                break;
            n += (size_t)got;
        }
        size_t length = strlen(peer->answers[i]);
        if (length > 0 && write(fd, peer->answers[i], length) < 0)
            perror("write");
        close(fd);
    }
    return NULL;
}

static struct client *meet_as(struct peer *peer, struct client_options options)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(peer->path, sizeof peer->path, "/tmp/troth-client-%d", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", peer->path);
    unlink(peer->path);
    peer->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_return_code(bind(peer->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_return_code(listen(peer->fd, 4), 0);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    options.socket = peer->path;
    options.timeout_s = 5;
    struct client *client = NULL;
    struct err err;
    assert_int_equal(client_open(&options, &client, &err), OK);
    return client;
}

static struct client *meet(struct peer *peer)
{
    return meet_as(peer, (struct client_options){0});
}

static void part(struct peer *peer, struct client *client)
{
    client_close(client);
    pthread_join(peer->thread, NULL);
    close(peer->fd);
    unlink(peer->path);
}

static struct err err;

static void options_that_leave_the_server_unproven_are_refused(void **state)
{
    (void)state;
    static const struct client_options bad[] = {
        {0},
        {.server = "http://localhost", .root_file = "/r"},
        {.server = "https://localhost"},
        {.server = "https://localhost", .root_file = "/r", .certificate_file = "/c"},
        {.server = "https://localhost", .root_file = "/r", .key_file = "/k"},
        {.server = "https://localhost",
         .is_unverified = true,
         .certificate_file = "/c",
         .key_file = "/k"},
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct client *client = NULL;
        assert_int_equal(client_open(&bad[i], &client, &err), R_INVALID);
        assert_null(client);
    }
}

static void an_unverified_server_gets_neither_body_nor_credential(void **state)
{
    (void)state;
    struct client_options options = {.server = "https://localhost:1", .is_unverified = true};
    struct client *client = NULL;
    assert_int_equal(client_open(&options, &client, &err), OK);
    struct client_answer answer = {0};
    struct client_request post = {.method = CLIENT_POST, .path = "/"};
    struct client_request basic = {.method = CLIENT_GET, .path = "/", .user = "u", .password = "p"};
    assert_int_equal(client_exchange(client, &post, &answer, &err), R_BUG);
    assert_int_equal(client_exchange(client, &basic, &answer, &err), R_BUG);
    client_close(client);
}

static void a_post_without_a_key_is_not_repeated(void **state)
{
    (void)state;
    static const char *const answers[] = {""};
    struct peer peer = {.answers = answers, .n = 1};
    struct client *client = meet(&peer);
    struct client_request request = {.method = CLIENT_POST, .path = "/x"};
    struct client_answer answer = {0};
    assert_int_equal(client_send(client, &request, 3, &answer, &err), R_UNREACHABLE);
    assert_int_equal(err.code, E_UNREACHABLE);
    part(&peer, client);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 302 Found\r\nLocation: http://localhost/else\r\nContent-Length: 0\r\n\r\n"};
    struct peer peer = {.answers = answers, .n = 1};
    struct client *client = meet(&peer);
    struct client_request request = {.method = CLIENT_GET, .path = "/x"};
    struct client_answer answer = {0};
    assert_int_equal(client_send(client, &request, 1, &answer, &err), OK);
    assert_int_equal(answer.status, 302);
    client_answer_free(&answer);
    part(&peer, client);
}

static void a_retried_post_carries_the_same_key(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"a\": 1}",
    };
    struct peer peer = {.answers = answers, .n = 3};
    struct client *client = meet(&peer);
    json_auto_t *body = json_pack("{s:s}", "name", "x"), *answer = NULL;
    struct api_call call = {.method = CLIENT_POST, .path = "/api/v1/products", .body = body};
    assert_int_equal(api_send(client, &call, &answer, &err), OK);
    assert_int_equal(json_integer_value(json_object_get(answer, "a")), 1);
    part(&peer, client);

    const char *first = strstr(peer.heard[0], "Idempotency-Key: ");
    assert_non_null(first);
    char key[64];
    snprintf(key, sizeof key, "%.49s\r\n", first);
    assert_non_null(strstr(peer.heard[1], key));
    assert_non_null(strstr(peer.heard[2], key));
    assert_non_null(strstr(peer.heard[0], "Content-Type: application/json\r\n"));
    assert_non_null(strstr(peer.heard[0], "{\"name\":\"x\"}"));
}

static void a_long_retry_after_is_told_not_waited_for(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"};
    struct peer peer = {.answers = answers, .n = 1};
    struct client *client = meet(&peer);
    struct client_request request = {.method = CLIENT_GET, .path = "/x"};
    struct client_answer answer = {0};
    assert_int_equal(client_send(client, &request, 5, &answer, &err), OK);
    assert_int_equal(answer.retry_after_s, 3600);
    client_answer_free(&answer);
    part(&peer, client);
}

static void an_answer_that_is_not_json_is_named(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"};
    struct peer peer = {.answers = answers, .n = 1};
    struct client *client = meet(&peer);
    json_t *answer = NULL;
    struct api_call call = {.method = CLIENT_GET, .path = "/api/v1/status"};
    assert_int_equal(api_send(client, &call, &answer, &err), R_UNREACHABLE);
    assert_non_null(strstr(err.text, "not JSON"));
    part(&peer, client);
}

static void an_answer_above_what_was_said_is_refused(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n012345678"};
    struct peer peer = {.answers = answers, .n = 2};
    struct client *client = meet_as(&peer, (struct client_options){.answer_max = 9});
    struct client_request request = {.method = CLIENT_GET, .path = "/"};
    struct client_answer answer = {0};
    assert_int_not_equal(client_exchange(client, &request, &answer, &err), OK);
    assert_int_equal(err.code, E_TOO_LARGE);
    assert_int_equal(client_exchange(client, &request, &answer, &err), OK);
    assert_int_equal(answer.body.n, 9);
    client_answer_free(&answer);
    part(&peer, client);
}

static bool is_given_up(void *context)
{
    ++*(int *)context;
    return true;
}

static void an_exchange_that_is_given_up_ends_before_its_time(void **state)
{
    (void)state;
    int asked = 0;
    struct peer peer = {.n = 0}; /* takes the connection and says nothing */
    struct client *client = meet_as(
        &peer, (struct client_options){.is_given_up = is_given_up, .given_up_context = &asked});
    struct client_request request = {.method = CLIENT_GET, .path = "/"};
    struct client_answer answer = {0};
    time_t begun = time(NULL);
    assert_int_not_equal(client_exchange(client, &request, &answer, &err), OK);
    assert_int_equal(err.code, E_UNREACHABLE);
    assert_true(asked > 0 && time(NULL) - begun < 4);
    part(&peer, client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_above_what_was_said_is_refused),
        cmocka_unit_test(an_exchange_that_is_given_up_ends_before_its_time),
        cmocka_unit_test(options_that_leave_the_server_unproven_are_refused),
        cmocka_unit_test(an_unverified_server_gets_neither_body_nor_credential),
        cmocka_unit_test(a_post_without_a_key_is_not_repeated),
        cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
        cmocka_unit_test(a_retried_post_carries_the_same_key),
        cmocka_unit_test(a_long_retry_after_is_told_not_waited_for),
        cmocka_unit_test(an_answer_that_is_not_json_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
