/* Posts against a scripted peer on loopback: what it hears, and what of its answers counts. TLS is
 * tried by the scenario tests, with a real receiver. */
#include <client/posts.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Answers one request: `answer`, and then `filler` so often. */
struct peer {
    const char *answer, *filler;
    size_t repeats;
    bool hangs;
    int fd;
    uint16_t port;
    char heard[4096];
    pthread_t thread;
};

static void *serve(void *context)
{
    struct peer *peer = context;
    int fd = accept(peer->fd, NULL, NULL);
    size_t n = 0;
    while (strstr(peer->heard, "{}") == NULL) {
        ssize_t got = read(fd, peer->heard + n, sizeof peer->heard - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    ssize_t sent = write(fd, peer->answer, strlen(peer->answer));
    for (size_t i = 0; sent > 0 && i < peer->repeats; i++)
        sent = write(fd, peer->filler, strlen(peer->filler));
    while (peer->hangs && read(fd, peer->heard, 1) > 0) /* until the other hangs up */
        continue;
    close(fd);
    return NULL;
}

static void peer_begin(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof address;
    signal(SIGPIPE, SIG_IGN);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(peer->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_return_code(listen(peer->fd, 1), 0);
    assert_return_code(getsockname(peer->fd, (struct sockaddr *)&address, &n), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void peer_end(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->fd);
}

/* The url names nobody: the address alone counts. */
static struct post_end post_to(struct peer *peer, uint32_t timeout_ms)
{
    static const char *const headers[] = {"webhook-id: msg_1", NULL};
    char url[64], address[32];
    struct posts *posts = NULL;
    struct post_end end = {0};
    struct err err = {0};
    peer_begin(peer);
    snprintf(url, sizeof url, "http://127.1.2.3:%u/in?x=y", peer->port);
    snprintf(address, sizeof address, "127.0.0.1:%u", peer->port);
    const struct post post = {
        .id = 7,
        .url = url,
        .address = address,
        .ca = "",
        .headers = headers,
        .body = bytes_text("{}"),
        .timeout_ms = timeout_ms,
    };
    assert_int_equal(posts_open(&posts, &err), OK);
    assert_int_equal(posts_begin(posts, &post, &err), OK);
    while (!posts_next(posts, &end))
        assert_int_equal(posts_wait(posts, NULL, 0, 1000, &err), OK);
    assert_false(posts_next(posts, &end));
    posts_close(posts);
    peer_end(peer);
    assert_int_equal(end.id, 7);
    return end;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static void the_request_is_what_was_asked_for(void **state)
{
    (void)state;
    struct peer peer = {.answer = "HTTP/1.1 204 No Content\r\n\r\n"};
    struct post_end end = post_to(&peer, 5000);
    assert_int_equal(end.status, 204);
    assert_int_equal(end.why.code, E_NONE);
    static const char head[] = "POST /in?x=y HTTP/1.1\r\nHost: 127.1.2.3:";
    assert_int_equal(strncmp(peer.heard, head, sizeof head - 1), 0);
    assert_non_null(strstr(peer.heard, "webhook-id: msg_1\r\n"));
    assert_null(strstr(peer.heard, "Expect"));
    assert_null(strstr(peer.heard, "Authorization"));
}

static void an_answer_is_its_status_and_retry_after(void **state)
{
    (void)state;
    struct peer peer = {.answer = "HTTP/1.1 503 Busy\r\nRetry-After: 17\r\n"
                                  "Content-Length: 0\r\n\r\n"};
    struct post_end end = post_to(&peer, 5000);
    assert_int_equal(end.status, 503);
    assert_int_equal(end.retry_after_s, 17);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    struct peer peer = {.answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                                  "Content-Length: 0\r\n\r\n"};
    struct post_end end = post_to(&peer, 5000);
    assert_int_equal(end.status, 302);
    assert_int_equal(end.why.code, E_NONE);
}

static void a_huge_body_is_not_read_to_its_end(void **state)
{
    (void)state;
    struct peer peer = {.answer = OK_HEAD "\r\n",
                        .filler = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
                        .repeats = 1 << 24};
    struct post_end end = post_to(&peer, 20000);
    assert_int_equal(end.status, 200);
}

static void endless_header_lines_are_no_answer(void **state)
{
    (void)state;
    struct peer peer = {
        .answer = OK_HEAD, .filler = "X-Filler: 0123456789\r\n", .repeats = 1 << 20};
    struct post_end end = post_to(&peer, 20000);
    assert_int_equal(end.status, 0);
    assert_int_equal(end.why.code, E_TOO_LARGE);
}

static void who_never_answers_is_left_in_time(void **state)
{
    (void)state;
    struct peer peer = {.answer = "HTTP/1.1 200", .hangs = true};
    struct post_end end = post_to(&peer, 200);
    assert_int_equal(end.status, 0);
    assert_int_equal(end.why.code, E_UNREACHABLE);
}

static void what_is_no_http_is_no_answer(void **state)
{
    (void)state;
    struct peer peer = {.answer = "SSH-2.0-x\r\n"};
    struct post_end end = post_to(&peer, 5000);
    assert_int_equal(end.status, 0);
    assert_int_equal(end.why.code, E_UNREACHABLE);
}

static void more_than_there_is_room_for_wait(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    const struct post post = {.url = "http://127.0.0.1:1/",
                              .address = "127.0.0.1:1",
                              .ca = "",
                              .headers = none,
                              .timeout_ms = 1000};
    struct posts *posts = NULL;
    assert_int_equal(posts_open(&posts, NULL), OK);
    for (size_t i = 0; i < POSTS_MAX; i++)
        assert_int_equal(posts_begin(posts, &post, NULL), OK);
    assert_int_equal(posts_begin(posts, &post, NULL), R_BUSY);
    posts_close(posts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_what_was_asked_for),
        cmocka_unit_test(an_answer_is_its_status_and_retry_after),
        cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
        cmocka_unit_test(a_huge_body_is_not_read_to_its_end),
        cmocka_unit_test(endless_header_lines_are_no_answer),
        cmocka_unit_test(who_never_answers_is_left_in_time),
        cmocka_unit_test(what_is_no_http_is_no_answer),
        cmocka_unit_test(more_than_there_is_room_for_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
