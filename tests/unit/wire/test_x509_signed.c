#include "fixture.h"
#include "x509_parts.h"

#include <wire/x509_write.h>

static void signatures_that_are_not_two_positive_integers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "3000",
        "3003 020101",
        "3006 020101 020100",        // s is zero
        "3006 020100 020101",        // r is zero
        "3006 020181 020101",        // r is negative
        "3007 02020001 020101",      // not minimal
        "3009 020101 020101 020101", // a third one
        "3006 020101 020101 00",     // something behind
        "3106 020101 020101",
    };
    uint8_t raw[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (x509_ecdsa_to_raw(from_hex(bad[i]), 32, raw))
            fail_msg("%s was accepted", bad[i]);
}

static void integers_longer_than_the_field_are_refused(void **state)
{
    (void)state;
    uint8_t r[33] = {1}, memory[80], raw[66];
    struct buf b = buf_over(memory, sizeof(memory));
    size_t mark = der_begin(&b, DER_SEQUENCE);
    der_write_unsigned(&b, bytes_of(r, sizeof(r)));
    der_write_small(&b, 1);
    der_end(&b, mark);
    assert_false(x509_ecdsa_to_raw(buf_bytes(&b), 32, raw));
    assert_true(x509_ecdsa_to_raw(buf_bytes(&b), 33, raw));
}

static void raw_signatures_have_an_even_length(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buf odd = buf_over(memory, sizeof(memory)), empty = buf_over(memory, sizeof(memory));
    x509_ecdsa_to_der(&odd, bytes_text("123"));
    assert_false(buf_ok(&odd));
    x509_ecdsa_to_der(&empty, bytes_text(""));
    assert_false(buf_ok(&empty));
}

static void both_forms_of_a_signature_come_back(void **state)
{
    (void)state;
    uint8_t raw[64], memory[80], back[64];
    for (unsigned first = 0; first < 256; first += 51) {
        for (size_t i = 0; i < sizeof(raw); i++)
            raw[i] = (uint8_t)(i % 32 == 0 ? first : i);
        struct buf b = buf_over(memory, sizeof(memory));
        x509_ecdsa_to_der(&b, bytes_of(raw, sizeof(raw)));
        assert_true(x509_ecdsa_to_raw(buf_bytes(&b), 32, back));
        assert_memory_equal(back, raw, sizeof(raw));
    }
}

static void an_unknown_signature_algorithm_is_not_written(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    x509_write_signed(&b, bytes_text("\x30\x00"), X509_SIG_OTHER, bytes_text("s"));
    assert_false(buf_ok(&b));
}

static void broken_hashes_are_named_and_never_written(void **state)
{
    (void)state;
    static const struct {
        const char *der;
        enum x509_sig_alg alg;
    } rows[] = {
        {"300d06092a864886f70d0101050500", X509_SIG_SHA1},
        {"300906072a8648ce3d0401", X509_SIG_SHA1},
        {"300906072a8648ce380403", X509_SIG_SHA1},
        {"300706052b0e03021d", X509_SIG_SHA1},
        {"300d06092a864886f70d0101040500", X509_SIG_MD5},
        {"300d06092a864886f70d01010a3000", X509_SIG_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t memory[64];
        struct buf b = buf_over(memory, sizeof(memory));
        struct reader r = reader_of(from_hex(rows[i].der));
        enum x509_sig_alg alg = X509_SIG_ED25519;
        struct bytes raw;
        assert_true(x509_read_sig_alg(&r, &alg, &raw));
        assert_int_equal(alg, rows[i].alg);
        x509_write_sig_alg(&b, alg);
        assert_false(buf_ok(&b));
    }
}

static void algorithm_identifiers_are_those_of_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        enum x509_sig_alg alg;
        const char *der;
    } rows[] = {
        {X509_SIG_ECDSA_SHA256, "300a06082a8648ce3d040302"},
        {X509_SIG_ECDSA_SHA384, "300a06082a8648ce3d040303"},
        {X509_SIG_ECDSA_SHA512, "300a06082a8648ce3d040304"},
        {X509_SIG_ED25519, "300506032b6570"},
        {X509_SIG_RSA_SHA256, "300d06092a864886f70d01010b0500"},
        {X509_SIG_RSA_SHA384, "300d06092a864886f70d01010c0500"},
        {X509_SIG_RSA_SHA512, "300d06092a864886f70d01010d0500"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t memory[64];
        struct buf b = buf_over(memory, sizeof(memory));
        x509_write_sig_alg(&b, rows[i].alg);
        assert_bytes(buf_bytes(&b), from_hex(rows[i].der));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_that_are_not_two_positive_integers_are_refused),
        cmocka_unit_test(integers_longer_than_the_field_are_refused),
        cmocka_unit_test(raw_signatures_have_an_even_length),
        cmocka_unit_test(both_forms_of_a_signature_come_back),
        cmocka_unit_test(an_unknown_signature_algorithm_is_not_written),
        cmocka_unit_test(broken_hashes_are_named_and_never_written),
        cmocka_unit_test(algorithm_identifiers_are_those_of_the_rfcs),
    };
    return cmocka_run_group_tests_name("wire/x509_signed", tests, NULL, NULL);
}
