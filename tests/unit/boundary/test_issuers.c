// Who it is: a certificate against the listed issuers, and what nginx says of one.
#include "yard.h"

#include <crypto/pem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct yard yard;

static int open_yard(void **state)
{
    (void)state;
    yard_open(&yard);
    yard_stand(&yard);
    return 0;
}

static int close_yard(void **state)
{
    (void)state;
    yard_close(&yard);
    return 0;
}

static enum boundary_reason verify(struct yard_leaf leaf, struct boundary_identity *ret)
{
    return boundary_verify_der(yard.boundary, yard_make_leaf(&yard, &leaf), YARD_NOW_S, ret);
}

static void check(struct yard_leaf leaf, enum boundary_reason reason)
{
    struct boundary_identity identity = {0};
    assert_int_equal(verify(leaf, &identity), reason);
    assert_int_equal(identity.issuer, 0);
}

static void what_is_wrong_with_a_certificate_is_told(void **state)
{
    (void)state;
    struct boundary_identity identity = {0};
    assert_int_equal(boundary_verify_der(yard.boundary, bytes_of(NULL, 0), YARD_NOW_S, &identity),
                     BOUNDARY_NO_CERTIFICATE);
    assert_int_equal(boundary_verify_der(yard.boundary, bytes_text("0\1"), YARD_NOW_S, &identity),
                     BOUNDARY_UNREADABLE);
    check((struct yard_leaf){.by = yard.other_key}, BOUNDARY_SIGNATURE);
    check((struct yard_leaf){.is_of_other_name = true}, BOUNDARY_ISSUER);
    check((struct yard_leaf){.from_s = -10, .to_s = -1}, BOUNDARY_EXPIRED);
    check((struct yard_leaf){.from_s = 1, .to_s = 10}, BOUNDARY_NOT_YET);
    /* what nobody of ours signed has no dates */
    check((struct yard_leaf){.from_s = -10, .to_s = -1, .by = yard.other_key}, BOUNDARY_SIGNATURE);
    check((struct yard_leaf){.is_server = true}, BOUNDARY_PURPOSE);
    check((struct yard_leaf){.has_no_purpose = true}, BOUNDARY_PURPOSE);
    check((struct yard_leaf){.has_no_serial_number = true}, BOUNDARY_UNREADABLE);
    check((struct yard_leaf){.serial_n = 12}, BOUNDARY_UNREADABLE);
    /* an issuer is no device */
    assert_int_equal(boundary_verify_der(yard.boundary, bytes_of(yard.issuer, yard.issuer_n),
                                         YARD_NOW_S, &identity),
                     BOUNDARY_ISSUER);
}

static void a_good_one_says_of_whom_it_is(void **state)
{
    (void)state;
    struct boundary_identity identity = {0};
    assert_int_equal(verify((struct yard_leaf){.number = 4, .has_owner = true}, &identity),
                     BOUNDARY_ADMITTED);
    assert_int_equal(identity.issuer, YARD_ISSUER);
    assert_int_equal(identity.serial[15], 4);
    assert_string_equal(identity.device, "SN-1");
    assert_string_equal(identity.product, "pump");
    assert_string_equal(identity.owner, "works");
    assert_true(identity.has_spki);
    assert_true(identity.not_after_s == YARD_NOW_S + 86400);
    assert_int_equal(boundary_decide(yard.boundary, &identity, bytes_text("api"), BOUNDARY_CONNECT,
                                     bytes_of(NULL, 0)),
                     BOUNDARY_ADMITTED);
    assert_int_equal(verify((struct yard_leaf){.number = 4}, &identity), BOUNDARY_ADMITTED);
    assert_string_equal(identity.owner, "");
}

static struct bytes escape(struct bytes pem, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < pem.n; i++) {
        bool is_plain =
            (pem.p[i] >= 'A' && pem.p[i] <= 'Z') || (pem.p[i] >= 'a' && pem.p[i] <= 'z');
        n += (size_t)snprintf(to + n, size - n, is_plain ? "%c" : "%%%02X", pem.p[i]);
    }
    return bytes_of(to, n);
}

static void nginx_hands_over_a_certificate_escaped(void **state)
{
    (void)state;
    static char text[8192];
    CLEANUP(blob_free) struct blob pem = {0};
    struct err err = {0};
    struct boundary_identity identity = {0};
    struct yard_leaf leaf = {.number = 4};
    assert_int_equal(pem_write(yard_make_leaf(&yard, &leaf), PEM_CERTIFICATE, &pem, &err), OK);
    struct bytes escaped = escape(blob_bytes(&pem), text, sizeof text);
    struct boundary *b = yard.boundary;
    assert_int_equal(boundary_verify_escaped(b, escaped, YARD_NOW_S, &identity), BOUNDARY_ADMITTED);
    assert_int_equal(identity.serial[15], 4);
    assert_int_equal(boundary_verify_escaped(b, bytes_of(NULL, 0), YARD_NOW_S, &identity),
                     BOUNDARY_NO_CERTIFICATE);
    static const char *const bad[] = {"%", "%0", "%zz", "abc", "%2D%2D"};
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_int_equal(
            boundary_verify_escaped(b, bytes_of(bad[i], strlen(bad[i])), YARD_NOW_S, &identity),
            BOUNDARY_UNREADABLE);
    static uint8_t large[60000];
    memset(large, 'a', sizeof large);
    assert_int_equal(
        boundary_verify_escaped(b, bytes_of(large, sizeof large), YARD_NOW_S, &identity),
        BOUNDARY_UNREADABLE);
}

#define SERIAL                                                                                     \
    "0100000000000000000000"                                                                       \
    "28"                                                                                           \
    "00000004"

static struct boundary_proxy_words words(void)
{
    return (struct boundary_proxy_words){
        .verify = bytes_text("SUCCESS"),
        .issuer = bytes_text("CN=Fleet\\, LDevID 1"),
        .serial = bytes_text(SERIAL),
        .subject = bytes_text("serialNumber=SN-1,O=works,OU=pump"),
        .until = bytes_text("Dec 31 23:59:59 9999 GMT"),
    };
}

static enum boundary_reason take(struct boundary_proxy_words said, struct boundary_identity *ret)
{
    return boundary_from_proxy(yard.boundary, &said, ret);
}

static void a_proxys_word_is_taken_as_it_stands(void **state)
{
    (void)state;
    struct boundary_identity identity = {0};
    assert_int_equal(take(words(), &identity), BOUNDARY_ADMITTED);
    assert_true(identity.issuer == YARD_ISSUER && identity.serial[15] == 4 && !identity.has_spki);
    assert_string_equal(identity.device, "SN-1");
    assert_string_equal(identity.product, "pump");
    assert_string_equal(identity.owner, "works");
    assert_int_equal(boundary_decide(yard.boundary, &identity, bytes_text("api"), BOUNDARY_CONNECT,
                                     bytes_of(NULL, 0)),
                     BOUNDARY_ADMITTED);
}

static void another_word_about_the_handshake_is_refused(void **state)
{
    (void)state;
    struct boundary_identity identity = {0};
    static const struct {
        const char *verify;
        enum boundary_reason reason;
    } handshakes[] = {
        {"", BOUNDARY_NO_CERTIFICATE},
        {"NONE", BOUNDARY_NO_CERTIFICATE},
        {"success", BOUNDARY_SIGNATURE},
        {"SUCCESS ", BOUNDARY_SIGNATURE},
        {"FAILED", BOUNDARY_SIGNATURE},
        {"FAILED:unable to verify the first certificate", BOUNDARY_SIGNATURE},
        {"FAILED:certificate has expired", BOUNDARY_EXPIRED},
    };
    for (size_t i = 0; i < LENGTH_OF(handshakes); i++) {
        struct boundary_proxy_words said = words();
        said.verify = bytes_of(handshakes[i].verify, strlen(handshakes[i].verify));
        assert_int_equal(take(said, &identity), handshakes[i].reason);
    }
    assert_int_equal(identity.issuer, 0);
}

static void anything_but_what_nginx_says_of_ours_is_refused(void **state)
{
    (void)state;
    struct boundary_identity identity = {0};
    static const char *const issuers[] = {"", "CN=Fleet, LDevID 1", "CN=Fleet\\, LDevID 2",
                                          "CN=Fleet\\, LDevID 1,O=x", "cn=Fleet\\, LDevID 1"};
    for (size_t i = 0; i < LENGTH_OF(issuers); i++) {
        struct boundary_proxy_words said = words();
        said.issuer = bytes_of(issuers[i], strlen(issuers[i]));
        assert_int_equal(take(said, &identity), BOUNDARY_ISSUER);
    }
    static const char *const serials[] = {"",
                                          "01",
                                          SERIAL "00",
                                          "0x" SERIAL,
                                          SERIAL " ",
                                          "0000000000000000000000"
                                          "2800000004",
                                          "8000000000000000000000"
                                          "2800000004",
                                          "010000000000000000000028000000zz"};
    for (size_t i = 0; i < LENGTH_OF(serials); i++) {
        struct boundary_proxy_words said = words();
        said.serial = bytes_of(serials[i], strlen(serials[i]));
        assert_int_equal(take(said, &identity), BOUNDARY_UNREADABLE);
    }
    static const char *const subjects[] = {"",
                                           "serialNumber=SN-1",
                                           "OU=pump",
                                           "serialNumber=SN-1,OU=pump,L=x",
                                           "/serialNumber=SN-1/OU=pump",
                                           "serialNumber=SN-1,serialNumber=SN-2,OU=pump"};
    for (size_t i = 0; i < LENGTH_OF(subjects); i++) {
        struct boundary_proxy_words said = words();
        said.subject = bytes_of(subjects[i], strlen(subjects[i]));
        assert_int_equal(take(said, &identity), BOUNDARY_UNREADABLE);
    }
    static const char *const ends[] = {"",
                                       "Dec 31 23:59:59 9999",
                                       "Dec 31 23:59:59 9999 GMT ",
                                       "dec 31 23:59:59 9999 GMT",
                                       "Dez 31 23:59:59 9999 GMT",
                                       "Feb 29 00:00:00 2027 GMT",
                                       "Feb  x 00:00:00 2027 GMT",
                                       "Feb  1 24:00:00 2027 GMT",
                                       "Jan  1 00:00:00 1970 GMT",
                                       "20271231235959Z"};
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        struct boundary_proxy_words said = words();
        said.until = bytes_of(ends[i], strlen(ends[i]));
        assert_int_equal(take(said, &identity), BOUNDARY_UNREADABLE);
    }
    assert_int_equal(identity.issuer, 0);
}

/* A connection that nginx keeps, or a session that it resumes, outlives the certificate. */
static void what_nginx_verified_once_ends_with_its_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *until;
        int64_t at_s;
    } ends[] = {
        {"Jan  1 00:00:01 1970 GMT", 1},
        {"Feb 29 12:34:56 2024 GMT", 1709210096},
        {"Nov 30 23:59:59 2026 GMT", 1796083199},
        {"Dec 31 23:59:59 9999 GMT", 253402300799},
    };
    struct boundary_identity identity = {0};
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        struct boundary_proxy_words said = words();
        said.until = bytes_of(ends[i].until, strlen(ends[i].until));
        assert_int_equal(take(said, &identity), BOUNDARY_ADMITTED);
        assert_int_equal(identity.not_after_s, ends[i].at_s);
    }
    struct boundary_proxy_words over = words();
    over.until = bytes_text("Feb 29 12:34:56 2024 GMT");
    assert_int_equal(take(over, &identity), BOUNDARY_ADMITTED);
    assert_int_equal(boundary_decide(yard.boundary, &identity, bytes_text("api"), BOUNDARY_CONNECT,
                                     bytes_of(NULL, 0)),
                     BOUNDARY_EXPIRED);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_yard, close_yard)
    const struct CMUnitTest tests[] = {
        CASE(what_is_wrong_with_a_certificate_is_told),
        CASE(a_good_one_says_of_whom_it_is),
        CASE(nginx_hands_over_a_certificate_escaped),
        CASE(a_proxys_word_is_taken_as_it_stands),
        CASE(another_word_about_the_handshake_is_refused),
        CASE(anything_but_what_nginx_says_of_ours_is_refused),
        CASE(what_nginx_verified_once_ends_with_its_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
