/* The sockets that strangers come to. */
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

static int client_of(int listening)
{
    struct address at = listen_address(listening);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at.sa, at.n), 0);
    return fd;
}

static bool can_accept(int listening)
{
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void a_plain_connection_comes_with_its_first_words(void **state)
{
    (void)state;
    CLEANUP(listeners_close) struct listeners listeners;
    assert_int_equal(listen_all(&config.listen, &listeners, NULL), OK);
    int device = client_of(listeners.device), plain = client_of(listeners.plain);
    assert_true(can_accept(listeners.device));
    assert_false(can_accept(listeners.plain));
    assert_int_equal(send(plain, "GET", 3, MSG_NOSIGNAL), 3);
    assert_true(can_accept(listeners.plain));
    close(device);
    close(plain);
}

static void who_runs_twice_fails_at_a_port_and_takes_nothing(void **state)
{
    (void)state;
    CLEANUP(listeners_close) struct listeners listeners;
    struct listeners second;
    struct config_listen again = config.listen;
    struct err err = {0};
    assert_int_equal(listen_all(&config.listen, &listeners, NULL), OK);
    again.plain = listen_address(listeners.plain);
    assert_int_equal(listen_all(&again, &second, &err), R_IO);
    assert_non_null(strstr(err.text, "listen.plain"));
    assert_non_null(strstr(err.text, "Address already in use"));
    assert_true(file_exists(config.listen.local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_connection_comes_with_its_first_words),
        cmocka_unit_test(who_runs_twice_fails_at_a_port_and_takes_nothing),
    };
    return cmocka_run_group_tests_name("listen", tests, set_up, tear_down);
}
