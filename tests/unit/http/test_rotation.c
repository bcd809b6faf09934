/* The front's own TLS certificate: over a key that it made, asked for, and replaced in time. */
#include "lab.h"

#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_issuer_comes_with_the_certificate),
        cmocka_unit_test(a_certificate_past_half_its_life_is_replaced_under_load),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
