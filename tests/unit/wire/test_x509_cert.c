#include "x509_fixture.h"

#include <wire/oid.h>
#include <wire/x509_write.h>

static void assert_refused(struct bytes der, const char *why_part)
{
    struct x509_cert cert = {.path_len = 77};
    const char *why = NULL;
    if (x509_read_cert(der, &cert, &why))
        fail_msg("accepted instead of: %s", why_part);
    assert_why(why, why_part);
    assert_int_equal(cert.path_len, 77); // written only on success
}

static void a_certificate_that_breaks_a_rule_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct damage rows[] = {
        {"a003020102", "a003020101", "4.1.2.1"},
        {"a003020102", "a203020102", "not v3"},
        {"02050080aabbcc", "02058080aabbcc", "4.1.2.2: serial number is negative"},
        {"02050080aabbcc", "02050000aabbcc", "4.1.2.2"},
        {"300a06082a8648ce3d040302", "300a06082a8648ce3d040303", "4.1.1.2"},
        {"170d3236", "180d3236", "GeneralizedTime"},
        {"323631313233", "323631333233", "no such date"},
        {"0c07457861", "1407457861", "4.1.2.4"},
        {"0c0670756d702d37", "0c06ff756d702d37", "X.680"},
        {"1307534e2d30303037", "1307404e2d30303037", "X.680"},
        {"06072a8648ce3d0201", "06072a8648ce3d0280", "8.19"},
        {"03420004", "03420002", "RFC 5480"},
        {"03420004", "03420104", "unused bits"},
        {"a381c0", "a281c0", "another type"},
        {"0603551d130101ff", "0603551d13010100", "11.5"},
        {"04023000", "04023100", "another type"},
        {"0403020780", "0403020700", "11.2.2"},
        {"0603551d0f", "0603551d13", "occurs twice"},
        {"8704c0000207", "8604c0000207", "4.2.1.6"},
        {"820e7075", "890e7075", "no such kind"},
        {"0416041467", "0416041567", "longer than what holds it"},
        {"0348003045", "0348013045", "unused bits"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(patched(cert_hex, rows[i].from, rows[i].to), rows[i].why);
}

static void every_prefix_and_every_longer_input_is_refused(void **state)
{
    (void)state;
    struct bytes whole = from_hex(cert_hex);
    struct x509_cert cert;
    const char *why;
    for (size_t n = 0; n < whole.n; n++)
        assert_false(x509_read_cert(bytes_slice(whole, 0, n), &cert, &why));
    uint8_t longer[1024];
    memcpy(longer, whole.p, whole.n);
    longer[whole.n] = 0;
    assert_refused(bytes_of(longer, whole.n + 1), "left over");
}

static void serial_numbers_above_20_octets_are_refused(void **state)
{
    (void)state;
    struct x509_cert cert;
    const char *why;
    assert_true(x509_read_cert(from_hex(cert_hex), &cert, &why));
    uint8_t serial[21], memory[2048], signed_memory[2048];
    memset(serial, 0x7f, sizeof(serial));
    for (size_t n = 19; n <= 21; n++) {
        serial[0] = n == 20 ? 0x7f : 0xff; // at 20 octets a sign octet would be the 21st
        struct x509_tbs_fields fields = {
            .serial = bytes_of(serial, n),
            .sig_alg = cert.sig_alg,
            .issuer = cert.issuer,
            .subject = cert.subject,
            .spki = cert.spki,
        };
        struct buf tbs = buf_over(memory, sizeof(memory));
        struct buf whole = buf_over(signed_memory, sizeof(signed_memory));
        x509_write_tbs(&tbs, &fields);
        x509_write_signed(&whole, buf_bytes(&tbs), cert.sig_alg, cert.signature);
        struct x509_cert read;
        assert_int_equal(x509_read_cert(buf_bytes(&whole), &read, &why), n <= 20);
    }
    assert_why(why, "20 octets");
}

static void an_unknown_critical_extension_is_reported(void **state)
{
    (void)state;
    struct x509_cert cert;
    const char *why;
    assert_true(
        x509_read_cert(patched(cert_hex, "0603551d0f0101ff", "0603551d630101ff"), &cert, &why));
    assert_true(cert.unknown_critical);
    assert_false(cert.has & X509_EXT_KEY_USAGE);
    assert_true(x509_read_cert(patched(cert_hex, "0603551d1f", "0603551d63"), &cert, &why));
    assert_false(cert.unknown_critical);
    assert_true(bytes_is_empty(cert.crldp));
}

static void damaging_any_byte_never_reads_beyond_the_input(void **state)
{
    (void)state;
    struct bytes whole = from_hex(cert_hex);
    uint8_t *copy = malloc(whole.n); // exactly as long: a sanitizer sees the next byte
    for (size_t i = 0; i < whole.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct x509_cert cert;
            const char *why = NULL;
            memcpy(copy, whole.p, whole.n);
            copy[i] ^= (uint8_t)(1U << bit);
            assert_true(x509_read_cert(bytes_of(copy, whole.n), &cert, &why) || why);
        }
    }
    free(copy);
}

static void the_fields_of_a_certificate_are_read(void **state)
{
    (void)state;
    struct bytes der = from_hex(cert_hex), text;
    struct x509_cert cert;
    const char *why;
    assert_true(x509_read_cert(der, &cert, &why));
    assert_bytes(cert.whole, der);
    assert_bytes(cert.tbs, bytes_slice(der, 4, 456));
    assert_bytes(cert.serial, from_hex("80aabbcc"));
    assert_true(x509_name_equal(cert.issuer, cert.subject));
    assert_true(x509_name_find(cert.subject, oid_serial_number, &text));
    assert_text(text, "SN-0007");
    assert_int_equal(cert.not_before_s, 1795401244);
    assert_int_equal(cert.not_after_s - cert.not_before_s, 1000 * 86400);
    assert_int_equal(cert.key.alg, X509_KEY_P256);
    assert_int_equal(cert.key.point.n, 65);
    assert_int_equal(cert.spki.n, 91);
    assert_int_equal(cert.sig_alg, X509_SIG_ECDSA_SHA256);
    assert_int_equal(cert.signature.n, 71);
}

static void the_extensions_of_a_certificate_are_read(void **state)
{
    (void)state;
    struct x509_cert cert;
    const char *why;
    struct bytes uri;
    assert_true(x509_read_cert(from_hex(cert_hex), &cert, &why));
    assert_int_equal(cert.has, X509_EXT_BASIC_CONSTRAINTS | X509_EXT_KEY_USAGE | X509_EXT_EKU |
                                   X509_EXT_SKI | X509_EXT_SAN | X509_EXT_CRLDP);
    assert_int_equal(cert.critical, X509_EXT_BASIC_CONSTRAINTS | X509_EXT_KEY_USAGE);
    assert_false(cert.unknown_critical || cert.is_ca);
    assert_int_equal(cert.path_len, -1);
    assert_int_equal(cert.key_usage, X509_KU_DIGITAL_SIGNATURE);
    assert_int_equal(cert.eku, X509_EKU_CLIENT_AUTH);
    assert_bytes(cert.ski, from_hex("67c6e6ff51a12e4e4121068f6a73ec50457bdfd2"));
    assert_true(bytes_is_empty(cert.aki));
    assert_int_equal(cert.san.n, 55);
    assert_true(x509_crldp_uri(cert.crldp, &uri));
    assert_text(uri, "http://example.org/crl/1");
}

static void what_was_read_is_written_again_as_it_was(void **state)
{
    (void)state;
    struct x509_extension list[8];
    struct x509_cert cert;
    const char *why;
    uint8_t memory[1024], signed_memory[1024];
    struct buf tbs = buf_over(memory, sizeof(memory));
    struct buf whole = buf_over(signed_memory, sizeof(signed_memory));
    size_t n = 0;
    assert_true(x509_read_cert(from_hex(cert_hex), &cert, &why));
    struct reader walk = reader_of(cert.extensions);
    while (n < 8 && x509_extension_next(&walk, &list[n]))
        n++;
    struct x509_tbs_fields fields = {
        .serial = cert.serial,
        .sig_alg = cert.sig_alg,
        .issuer = cert.issuer,
        .not_before_s = cert.not_before_s,
        .not_after_s = cert.not_after_s,
        .subject = cert.subject,
        .spki = cert.spki,
        .extensions = list,
        .extensions_n = n,
    };
    x509_write_tbs(&tbs, &fields);
    assert_bytes(buf_bytes(&tbs), cert.tbs);
    x509_write_signed(&whole, buf_bytes(&tbs), cert.sig_alg, cert.signature);
    assert_bytes(buf_bytes(&whole), cert.whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(every_prefix_and_every_longer_input_is_refused),
        cmocka_unit_test(serial_numbers_above_20_octets_are_refused),
        cmocka_unit_test(an_unknown_critical_extension_is_reported),
        cmocka_unit_test(damaging_any_byte_never_reads_beyond_the_input),
        cmocka_unit_test(the_fields_of_a_certificate_are_read),
        cmocka_unit_test(the_extensions_of_a_certificate_are_read),
        cmocka_unit_test(what_was_read_is_written_again_as_it_was),
    };
    return cmocka_run_group_tests_name("wire/x509_cert", tests, NULL, NULL);
}
