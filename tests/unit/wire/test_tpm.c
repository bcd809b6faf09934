// What a TPM says of its keys: real octets, and each field of them broken.
#include "fixture.h"
#include "tpm_fixture.h"

#include <wire/tpm.h>
#include <wire/x509.h>

static uint8_t memory[TPM_PUBLIC_MAX + 8];

// The octets of a hexadecimal text, to be changed.
static struct bytes copy_of(const char *hex)
{
    struct bytes octets = from_hex(hex);
    memcpy(memory, octets.p, octets.n);
    return bytes_of(memory, octets.n);
}

static void refuses_public(struct bytes octets, const char *part)
{
    struct tpm_public key = {.attributes = 7};
    const char *why = NULL;
    assert_false(tpm_read_public(octets, &key, &why));
    assert_why(why, part);
    assert_int_equal(key.attributes, 7);
}

// With these octets at that place.
static void refuses_changed(const char *hex, size_t at, const char *to, const char *part)
{
    struct bytes whole = copy_of(hex), other = from_hex(to);
    assert_true(at + other.n <= whole.n);
    memcpy(memory + at, other.p, other.n);
    refuses_public(whole, part);
}

static void a_public_area_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const char *all[] = {TPM_EK_RSA, TPM_EK_P384, TPM_AK_RSASSA, TPM_KEY_P256};
    for (size_t i = 0; i < 4; i++) {
        struct bytes whole = copy_of(all[i]);
        const uint8_t size[2] = {memory[0], memory[1]};
        for (size_t n = 0; n < whole.n; n++) {
            refuses_public(bytes_of(memory, n), "too early");
            if (n < 2)
                continue;
            memory[0] = (uint8_t)((n - 2) >> 8);
            memory[1] = (uint8_t)(n - 2);
            refuses_public(bytes_of(memory, n), ""); // the area's size says so too
            memcpy(memory, size, sizeof size);
        }
    }
}

static void bytes_behind_a_public_area_or_in_it_are_refused(void **state)
{
    (void)state;
    struct bytes whole = copy_of(TPM_KEY_P256);
    memory[whole.n] = 0;
    refuses_public(bytes_of(memory, whole.n + 1), "left over");
    memory[1]++;
    refuses_public(bytes_of(memory, whole.n + 1), "left over");
    memset(memory, 0, sizeof memory);
    memory[0] = 4;
    refuses_public(bytes_of(memory, 2 + 1024), "1024");
}

static void every_field_of_a_public_area_has_its_rule(void **state)
{
    (void)state;
    refuses_changed(TPM_KEY_P256, 2, "0008", "RSA or ECC");
    refuses_changed(TPM_KEY_P256, 4, "0004", "SHA-256 or SHA-384"); // SHA-1
    refuses_changed(TPM_KEY_P256, 9, "73", "reserved");
    refuses_changed(TPM_KEY_P256, 6, "80", "reserved");
    refuses_changed(TPM_EK_P256, 10, "0021", "policy");
    refuses_changed(TPM_EK_P256, 10, "001f", "policy");
    refuses_changed(TPM_EK_P256, 44, "0026", "AES"); // Camellia
    refuses_changed(TPM_EK_P256, 46, "00c0", "128 or 256");
    refuses_changed(TPM_EK_P256, 48, "0042", "CFB");
    refuses_changed(TPM_EK_P256, 50, "0014", "scheme");
    refuses_changed(TPM_EK_P256, 52, "0005", "P-256 or P-384");
    refuses_changed(TPM_EK_P256, 54, "0020", "derivation");
    refuses_changed(TPM_EK_P256, 56, "0021", "coordinate");
    refuses_changed(TPM_AK_ECDSA, 16, "0012", "SHA-256 or SHA-384"); // SM3
    refuses_changed(TPM_KEY_RSA, 14, "0018", "scheme");
    refuses_changed(TPM_KEY_RSA, 16, "0801", "1024 to 4096");
    refuses_changed(TPM_KEY_RSA, 16, "0380", "1024 to 4096");
    refuses_changed(TPM_KEY_RSA, 16, "0c00", "of its bits");
    refuses_changed(TPM_KEY_RSA, 22, "0101", "of its bits");
    refuses_changed(TPM_KEY_RSA, 24, "00", "of its bits");
}

static void a_point_without_a_coordinate_is_refused(void **state)
{
    (void)state;
    refuses_public(from_hex("0017 0023 000b 00040472 0000 0010 0010 0003 0010 0001 07 0000"),
                   "coordinates");
    refuses_public(from_hex("0017 0023 000b 00040472 0000 0010 0010 0003 0010 0000 0001 07"),
                   "coordinates");
}

static void check_spki(const char *public, const char *spki)
{
    struct tpm_public key;
    const char *why = NULL;
    uint8_t space[TPM_PUBLIC_MAX];
    struct buf b = buf_over(space, sizeof space);
    struct x509_key read;
    assert_true(tpm_read_public(from_hex(public), &key, &why));
    tpm_write_spki(&b, &key);
    assert_true(buf_ok(&b));
    assert_true(x509_read_spki(buf_bytes(&b), &read, &why));
    if (spki)
        assert_bytes(buf_bytes(&b), from_hex(spki));
}

static void a_key_is_that_of_its_certificate(void **state)
{
    (void)state;
    check_spki(TPM_EK_RSA, TPM_EK_RSA_SPKI); // of the certificate that the TPM has
    check_spki(TPM_EK_P384, TPM_EK_P384_SPKI);
    check_spki(TPM_EK_P256, NULL);
    check_spki(TPM_AK_ECDSA, NULL);
    check_spki(TPM_AK_RSASSA, NULL);
    check_spki(TPM_KEY_RSA, NULL);
}

static void a_coordinate_has_its_zeros_again(void **state)
{
    (void)state;
    struct tpm_public key;
    const char *why = NULL;
    uint8_t space[TPM_POINT_MAX];
    struct buf b = buf_over(space, sizeof space);
    struct bytes octets =
        from_hex("001a 0023 000b 00040472 0000 0010 0010 0003 0010 0001 05 0003 070809");
    assert_true(tpm_read_public(octets, &key, &why));
    tpm_write_point(&b, &key);
    uint8_t wanted[65] = {[0] = 4, [32] = 5, [62] = 7, [63] = 8, [64] = 9};
    assert_bytes(buf_bytes(&b), bytes_of(wanted, sizeof wanted));
}

static void it_says_what_a_key_may_do(void **state)
{
    (void)state;
    struct tpm_public key;
    const char *why = NULL;
    assert_true(tpm_read_public(from_hex(TPM_EK_RSA), &key, &why));
    assert_int_equal(key.type, TPM_RSA);
    assert_int_equal(key.aes_bits, 128);
    assert_int_equal(key.exponent, 65537);
    assert_int_equal(key.scheme, TPM_NULL);
    assert_int_equal(key.policy.n, 32);
    assert_int_equal(key.attributes, TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN |
                                         TPM_ADMIN_WITH_POLICY | TPM_RESTRICTED | TPM_DECRYPT);
    assert_true(tpm_read_public(from_hex(TPM_EK_P384), &key, &why));
    assert_int_equal(key.curve, TPM_P384);
    assert_int_equal(key.name_alg, TPM_SHA384);
    assert_int_equal(key.aes_bits, 256);
    assert_true(tpm_read_public(from_hex(TPM_AK_ECDSA), &key, &why));
    assert_int_equal(key.scheme, TPM_ECDSA);
    assert_int_equal(key.hash, TPM_SHA256);
    assert_int_equal(key.aes_bits, 0);
    assert_int_equal(key.area.n, 88);
}

// ---- what it attests ---------------------------------------------------------------------------

static void refuses_attest(struct bytes octets, const char *part)
{
    struct tpm_certified certified;
    const char *why = NULL;
    assert_false(tpm_read_certified(octets, &certified, &why));
    assert_why(why, part);
}

static void refuses_attest_changed(size_t at, const char *to, const char *part)
{
    struct bytes whole = copy_of(TPM_ATTEST_ECDSA), other = from_hex(to);
    memcpy(memory + at, other.p, other.n);
    refuses_attest(whole, part);
}

static void every_field_of_an_attestation_has_its_rule(void **state)
{
    (void)state;
    struct bytes whole = copy_of(TPM_ATTEST_ECDSA);
    for (size_t n = 0; n < whole.n; n++)
        refuses_attest(bytes_of(memory, n), "too early");
    memory[whole.n] = 0;
    refuses_attest(bytes_of(memory, whole.n + 1), "left over");
    refuses_attest(bytes_of(memory, 513), "512");
    refuses_attest_changed(0, "fe", "ff544347");
    refuses_attest_changed(4, "8018", "8017"); // a quote
    refuses_attest_changed(6, "0033", "Name");
    refuses_attest_changed(6, "0004", "Name"); // a handle
    refuses_attest_changed(8, "0004", "Name");
    refuses_attest_changed(42, "0043", "66");
    refuses_attest_changed(92, "02", "safe");
    refuses_attest_changed(101, "0021", "Name");
    refuses_attest_changed(137, "0021", "Name");
}

static void an_attestation_says_which_key_and_what_was_asked(void **state)
{
    (void)state;
    struct tpm_certified certified;
    const char *why = NULL;
    assert_true(tpm_read_certified(from_hex(TPM_ATTEST_ECDSA), &certified, &why));
    assert_bytes(certified.name, from_hex(TPM_KEY_P256_NAME));
    assert_bytes(certified.extra,
                 from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    assert_true(certified.is_safe);
    assert_int_equal(certified.resets, 2);
    assert_int_equal(certified.firmware, 0x2019102300163636);
}

// ---- signatures --------------------------------------------------------------------------------

static void refuses_signature(struct bytes octets, const char *part)
{
    struct tpm_signature signature;
    const char *why = NULL;
    assert_false(tpm_read_signature(octets, &signature, &why));
    assert_why(why, part);
}

static void every_field_of_a_signature_has_its_rule(void **state)
{
    (void)state;
    static const char *all[] = {TPM_SIGNATURE_ECDSA, TPM_SIGNATURE_RSASSA};
    for (size_t i = 0; i < 2; i++) {
        struct bytes whole = copy_of(all[i]);
        for (size_t n = 0; n < whole.n; n++)
            refuses_signature(bytes_of(memory, n), "too early");
        memory[whole.n] = 0;
        refuses_signature(bytes_of(memory, whole.n + 1), "left over");
    }
    refuses_signature(from_hex("0016 000b 0001 07"), "ECDSA or RSASSA"); // RSAPSS
    refuses_signature(from_hex("0005 000b 0001 07"), "ECDSA or RSASSA"); // HMAC
    refuses_signature(from_hex("0018 0004 0001 07 0001 07"), "SHA-256");
    refuses_signature(from_hex("0018 000b 0000 0001 07"), "1 to 48");
    refuses_signature(from_hex("0018 000b 0001 07 0000"), "1 to 48");
    refuses_signature(from_hex("0018 000b 0031 07 0000"), "1 to 48");
    refuses_signature(from_hex("0014 000b 0000"), "1 to 512");
    refuses_signature(from_hex("0014 000b 0201 07"), "1 to 512");
}

static void a_signature_is_as_x509_has_it(void **state)
{
    (void)state;
    struct tpm_signature signature;
    const char *why = NULL;
    uint8_t space[TPM_SIGNATURE_MAX], raw[64];
    struct buf b = buf_over(space, sizeof space);
    struct bytes octets = from_hex(TPM_SIGNATURE_ECDSA);
    assert_true(tpm_read_signature(octets, &signature, &why));
    tpm_write_signature(&b, &signature);
    assert_true(x509_ecdsa_to_raw(buf_bytes(&b), 32, raw));
    assert_memory_equal(raw, octets.p + 6, 32);
    assert_memory_equal(raw + 32, octets.p + 40, 32);
    octets = from_hex(TPM_SIGNATURE_RSASSA);
    b = buf_over(space, sizeof space);
    assert_true(tpm_read_signature(octets, &signature, &why));
    tpm_write_signature(&b, &signature);
    assert_bytes(buf_bytes(&b), bytes_of(octets.p + 6, 256));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_area_cut_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_a_public_area_or_in_it_are_refused),
        cmocka_unit_test(every_field_of_a_public_area_has_its_rule),
        cmocka_unit_test(a_point_without_a_coordinate_is_refused),
        cmocka_unit_test(a_key_is_that_of_its_certificate),
        cmocka_unit_test(a_coordinate_has_its_zeros_again),
        cmocka_unit_test(it_says_what_a_key_may_do),
        cmocka_unit_test(every_field_of_an_attestation_has_its_rule),
        cmocka_unit_test(an_attestation_says_which_key_and_what_was_asked),
        cmocka_unit_test(every_field_of_a_signature_has_its_rule),
        cmocka_unit_test(a_signature_is_as_x509_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
