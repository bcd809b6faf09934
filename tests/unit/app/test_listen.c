/* The sockets that strangers come to: a port for all fronts, a socket for each. */
#include <app/listen.h>
#include <base/file.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FRONTS 3
#define CLIENTS 96 /* that one of three gets none of them comes once in 10^16 */

static char folder[] = "/tmp/troth-listen-XXXXXX";
static struct config config;

static struct address loopback(void)
{
    struct address address = {.n = sizeof(struct sockaddr_in)};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address.sa;
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address_name(&address);
    return address;
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    config.fronts = FRONTS;
    config.listen.device = config.listen.operators = config.listen.plain = loopback();
    snprintf(config.listen.local, sizeof config.listen.local, "%s/local.sock", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(config.listen.local);
    return rmdir(folder);
}

static int client_of(const struct address *address, const char *words)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address->sa, address->n), 0);
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    return fd;
}

static int count_accepted(int listening)
{
    int n = 0, fd = -1;
    for (; (fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0; n++)
        close(fd);
    return n;
}

static void expect_dealt(const int fds[CONFIG_FRONTS_MAX])
{
    struct address at = listen_address(fds[0]);
    int clients[CLIENTS], sum = 0;
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = client_of(&at, "GET");
    for (size_t i = 0; i < CONFIG_FRONTS_MAX; i++) {
        assert_int_equal(fds[i] >= 0, i < FRONTS);
        if (fds[i] < 0)
            continue;
        assert_string_equal(listen_address(fds[i]).text, at.text);
        int n = count_accepted(fds[i]);
        assert_int_not_equal(n, 0);
        sum += n;
    }
    assert_int_equal(sum, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
}

static void every_front_is_dealt_connections_of_its_own(void **state)
{
    (void)state;
    CLEANUP(listeners_close) struct listeners listeners;
    assert_int_equal(listen_all(&config, &listeners, NULL), OK);
    expect_dealt(listeners.device);
    expect_dealt(listeners.plain);
}

/* Ports that fronts share among themselves they share with nobody else. */
static void who_runs_twice_fails_at_a_port_and_takes_nothing(void **state)
{
    (void)state;
    CLEANUP(listeners_close) struct listeners listeners;
    struct listeners second;
    struct config again = config;
    struct err err = {0};
    assert_int_equal(listen_all(&config, &listeners, NULL), OK);
    again.listen.device = listen_address(listeners.device[0]);
    assert_int_equal(listen_all(&again, &second, &err), R_IO);
    assert_non_null(strstr(err.text, "listen.device"));
    assert_non_null(strstr(err.text, "Address already in use"));
    again.listen.device = loopback();
    again.listen.plain = listen_address(listeners.plain[0]);
    assert_int_equal(listen_all(&again, &second, &err), R_IO);
    assert_non_null(strstr(err.text, "listen.plain"));
    assert_true(file_exists(config.listen.local));
    expect_dealt(listeners.device);
    expect_dealt(listeners.plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_front_is_dealt_connections_of_its_own),
        cmocka_unit_test(who_runs_twice_fails_at_a_port_and_takes_nothing),
    };
    return cmocka_run_group_tests_name("listen", tests, set_up, tear_down);
}
