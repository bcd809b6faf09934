/* The front's own TLS certificate: over a key that it made, asked for, and replaced in time. */
#include "lab.h"

#include <base/file.h>
#include <crypto/hash.h>
#include <ipc/reload.h>
#include <ipc/sealed.h>
#include <wire/x509.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct lab lab = {.server_life_s = 120}; /* begun a minute ago: half of it is over */

static int start(void **state)
{
    (void)state;
    lab_start(&lab, &lab_limits);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return lab_stop(&lab);
}

/* The leaf that the server showed, and how many certificates came with it. */
static unsigned shown(const struct lab_client *client, struct x509_cert *ret)
{
    unsigned n = 0;
    const char *why = NULL;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(client->tls, &n);
    assert_true(x509_read_cert(bytes_of(chain[0].data, chain[0].size), ret, &why));
    return n;
}

static const char ask[] = "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: a\r\n\r\n";

static void the_issuer_comes_with_the_certificate(void **state)
{
    (void)state;
    struct lab_client client;
    struct x509_cert cert;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    assert_int_equal(shown(&client, &cert), 2);
    assert_int_equal(cert.key.alg, X509_KEY_P256);
    lab_close(&client);
}

static void a_certificate_past_half_its_life_is_replaced_under_load(void **state)
{
    (void)state;
    struct lab_client before, after;
    struct x509_cert old, new;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &before));
    shown(&before, &old);
    int had = lab.seen->certificates;
    for (int i = 0; i < 100 && lab.seen->certificates == had; i++) {
        usleep(100000);
        lab_send_text(&before, ask);
        assert_int_equal(lab_receive(&before, false, 0).status, 200);
    }
    assert_int_equal(lab.seen->certificates, had + 1);
    usleep(100000);
    assert_true(lab_connect_tls(&lab, NULL, NULL, &after));
    shown(&after, &new);
    assert_true(new.not_after_s > old.not_after_s);
    assert_true(bytes_equal(new.spki, old.spki));
    lab_send_text(&before, ask);
    assert_int_equal(lab_receive(&before, false, 0).status, 200);
    lab_close(&before);
    lab_close(&after);
}

/* ---- a reload -------------------------------------------------------------------------------- */

/* What the supervisor says, and (for `prepare` and `commit`) what the front answers. */
static uint32_t say(struct ipc_channel *up, enum reload_step step, const char *name)
{
    CLEANUP(fd_closep) int fd = -1;
    struct config_handed handed = {.config = lab.config};
    struct msg_front_reload order = {.round = 1, .step = (uint8_t)step};
    struct ipc_message answer;
    struct pollfd wait = {up->fd, POLLIN, 0};
    if (name != NULL) {
        handed.config.server_name_count = 1;
        snprintf(handed.config.server_names[0], CONFIG_NAME_MAX, "%s", name);
        assert_int_equal(sealed_from("next", bytes_of(&handed, sizeof handed), &fd, NULL), OK);
    }
    assert_int_equal(ipc_send(up, IPC_FRONT_RELOAD, &order, fd, NULL), OK);
    if (step != RELOAD_PREPARE && step != RELOAD_COMMIT)
        return 0;
    assert_int_equal(poll(&wait, 1, 10000), 1);
    assert_int_equal(ipc_receive(up, &answer, NULL), OK);
    assert_int_equal(answer.front_reloaded.step, step);
    return answer.front_reloaded.code;
}

/* The hash of the certificate that a new connection is shown. */
static void take_leaf(uint8_t ret[SHA256_N])
{
    struct lab_client client;
    struct x509_cert cert;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &client));
    shown(&client, &cert);
    sha256(cert.whole, ret);
    lab_close(&client);
}

static void a_certificate_for_new_names_is_kept_until_the_commit(void **state)
{
    (void)state;
    struct ipc_channel up;
    uint8_t first[SHA256_N], now[SHA256_N];
    assert_int_equal(ipc_open(&up, IPC_SUPERVISOR, IPC_FRONT, dup(lab.supervisor_fd), NULL), OK);
    take_leaf(first);
    int had = lab.seen->certificates;
    assert_int_equal(say(&up, RELOAD_PREPARE, "next.example"), E_NONE);
    for (int i = 0; i < 100 && lab.seen->certificates == had; i++)
        usleep(10000); /* it counts after it answered */
    assert_int_equal(lab.seen->certificates, had + 1);
    take_leaf(now);
    assert_memory_equal(now, first, sizeof now);

    (void)say(&up, RELOAD_ABANDON, NULL);
    take_leaf(now);
    assert_memory_equal(now, first, sizeof now);

    assert_int_equal(say(&up, RELOAD_PREPARE, "next.example"), E_NONE);
    assert_int_equal(say(&up, RELOAD_COMMIT, NULL), E_NONE);
    take_leaf(now);
    assert_memory_not_equal(now, first, sizeof now);

    usleep(50000);
    had = lab.seen->certificates; /* names that are in force already ask for nothing */
    assert_int_equal(say(&up, RELOAD_PREPARE, "next.example"), E_NONE);
    usleep(50000);
    assert_int_equal(lab.seen->certificates, had);
    (void)say(&up, RELOAD_ABANDON, NULL);
    ipc_close(&up);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_issuer_comes_with_the_certificate),
        cmocka_unit_test(a_certificate_past_half_its_life_is_replaced_under_load),
        cmocka_unit_test(a_certificate_for_new_names_is_kept_until_the_commit),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
