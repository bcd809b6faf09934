#include "fixture.h"

#include <wire/x509_write.h>

// SEQUENCE { SEQUENCE { algorithm }, BIT STRING of `octets` with `first` as the first one }
static struct bytes spki(const char *algorithm, uint8_t first, size_t octets)
{
    static uint8_t memory[512];
    uint8_t bits[256] = {first};
    struct buf b = buf_over(memory, sizeof(memory));
    size_t mark = der_begin(&b, DER_SEQUENCE);
    der_write(&b, DER_SEQUENCE, from_hex(algorithm));
    der_write_bits(&b, bytes_of(bits, octets));
    der_end(&b, mark);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

#define P256 "06072a8648ce3d0201 06082a8648ce3d030107"
#define P384 "06072a8648ce3d0201 06052b81040022"
#define P521 "06072a8648ce3d0201 06052b81040023"
#define ED25519 "06032b6570"
#define RSA "06092a864886f70d010101 0500"

static void keys_that_break_their_rule_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm;
        uint8_t first;
        size_t octets;
        const char *why;
    } rows[] = {
        {P256, 4, 64, "RFC 5480"},
        {P256, 4, 66, "RFC 5480"},
        {P256, 2, 33, "RFC 5480"}, // compressed
        {P256, 6, 65, "RFC 5480"}, // hybrid
        {P256, 0, 0, "RFC 5480"},
        {P384, 4, 65, "RFC 5480"},
        {P256 "0500", 4, 65, "left over"},
        {P521 "0500", 4, 133, "left over"}, // a second parameter after an unknown curve
        {ED25519, 4, 31, "RFC 8410"},
        {ED25519 "0500", 4, 32, "left over"},
        {RSA, 0x30, 1, "cut off"},
        {"06092a864886f70d010101", 0x30, 1, "missing"}, // rsaEncryption without NULL
        {"06022a03 06022a03 0500", 1, 1, "left over"},
        {"06022a03 020200 01", 1, 1, "8.3.2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct x509_key key;
        const char *why = NULL;
        assert_false(
            x509_read_spki(spki(rows[i].algorithm, rows[i].first, rows[i].octets), &key, &why));
        assert_why(why, rows[i].why);
    }
}

static void keys_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm;
        uint8_t first;
        size_t octets;
        enum x509_key_alg alg;
    } rows[] = {
        {P256, 4, 65, X509_KEY_P256},       {P384, 4, 97, X509_KEY_P384},
        {P521, 4, 133, X509_KEY_OTHER},     {ED25519, 9, 32, X509_KEY_ED25519},
        {"06022a03", 1, 1, X509_KEY_OTHER}, {"06022a03 3000", 1, 1, X509_KEY_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct x509_key key;
        const char *why = NULL;
        assert_true(
            x509_read_spki(spki(rows[i].algorithm, rows[i].first, rows[i].octets), &key, &why));
        assert_int_equal(key.alg, rows[i].alg);
        if (key.alg != X509_KEY_OTHER)
            assert_int_equal(key.point.n, rows[i].octets);
    }
}

static void an_rsa_key_is_modulus_and_exponent(void **state)
{
    (void)state;
    struct x509_key key;
    const char *why;
    struct bytes der = from_hex("301f 300d " RSA " 030e00 300b 020400c00001 0203010001");
    assert_true(x509_read_spki(der, &key, &why));
    assert_int_equal(key.alg, X509_KEY_RSA);
    assert_bytes(key.modulus, from_hex("c00001"));
    assert_bytes(key.exponent, from_hex("010001"));
}

static void what_is_no_key_of_its_kind_is_not_written(void **state)
{
    (void)state;
    static const uint8_t octets[97] = {4, 7}, compressed[65] = {2, 7};
    const struct x509_key bad[] = {
        {.alg = X509_KEY_OTHER, .point = bytes_of(octets, 65)},
        {.alg = X509_KEY_P256, .point = bytes_of(octets, 64)},
        {.alg = X509_KEY_P256, .point = bytes_of(octets, 97)},
        {.alg = X509_KEY_P256, .point = bytes_of(compressed, 65)},
        {.alg = X509_KEY_P384, .point = bytes_of(octets, 65)},
        {.alg = X509_KEY_ED25519, .point = bytes_of(octets, 33)},
        {.alg = X509_KEY_RSA, .modulus = bytes_of(octets, 97)},
        {.alg = X509_KEY_RSA, .exponent = bytes_of(octets, 97)},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t memory[256];
        struct buf b = buf_over(memory, sizeof(memory));
        x509_write_spki(&b, &bad[i]);
        assert_false(buf_ok(&b));
    }
}

static void written_keys_are_read(void **state)
{
    (void)state;
    static const uint8_t octets[97] = {4, 7}, modulus[256] = {0xc0, 1}, exponent[] = {1, 0, 1};
    const struct {
        struct x509_key key;
        size_t n;
    } rows[] = {
        {{.alg = X509_KEY_P256, .point = bytes_of(octets, 65)}, 91},
        {{.alg = X509_KEY_P384, .point = bytes_of(octets, 97)}, 120},
        {{.alg = X509_KEY_ED25519, .point = bytes_of(octets, 32)}, 44},
        {{.alg = X509_KEY_RSA,
          .modulus = bytes_of(modulus, sizeof(modulus)),
          .exponent = bytes_of(exponent, sizeof(exponent))},
         294},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t memory[512];
        struct buf b = buf_over(memory, sizeof(memory));
        struct x509_key key;
        const char *why;
        x509_write_spki(&b, &rows[i].key);
        assert_int_equal(buf_bytes(&b).n, rows[i].n);
        assert_true(x509_read_spki(buf_bytes(&b), &key, &why));
        assert_int_equal(key.alg, rows[i].key.alg);
        assert_bytes(key.point, rows[i].key.point);
        assert_bytes(key.modulus, rows[i].key.modulus);
        assert_bytes(key.exponent, rows[i].key.exponent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_break_their_rule_are_refused),
        cmocka_unit_test(keys_are_told_apart),
        cmocka_unit_test(an_rsa_key_is_modulus_and_exponent),
        cmocka_unit_test(what_is_no_key_of_its_kind_is_not_written),
        cmocka_unit_test(written_keys_are_read),
    };
    return cmocka_run_group_tests_name("wire/x509_key", tests, NULL, NULL);
}
