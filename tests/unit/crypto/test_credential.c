/* Sealing a secret to a TPM. That a TPM opens it: tests/scenario/test_97_tpm.py. */
#include "fixture.h"
#include "tpm_fixture.h"

#include <crypto/credential.h>
#include <crypto/start.h>

static struct tpm_public public_of(const char *hex)
{
    struct tpm_public key;
    const char *why = NULL;
    assert_true(tpm_read_public(from_hex(hex), &key, &why));
    return key;
}

static struct tpm_name name_of(const char *hex)
{
    struct tpm_public key = public_of(hex);
    struct tpm_name name;
    assert_int_equal(credential_name(&key, &name, NULL), OK);
    return name;
}

static enum result seal(const struct tpm_public *ek, const char *secret, struct credential *ret,
                        struct err *err)
{
    struct tpm_name name = name_of(TPM_AK_ECDSA);
    return credential_make(ek, &name, bytes_of(secret, strlen(secret)), ret, err);
}

static void nothing_is_sealed_to_a_key_that_seals_nothing(void **state)
{
    (void)state;
    struct credential credential = {.blob_n = 7};
    struct err err;
    struct tpm_public ek = public_of(TPM_KEY_P256);
    assert_int_equal(seal(&ek, "secret", &credential, &err), R_INVALID);
    assert_int_equal(err.code, E_TPM);
    assert_why(err.text, "AES in CFB mode");
    assert_int_equal(credential.blob_n, 7);
}

static void nothing_is_sealed_to_a_point_off_its_curve_or_a_small_key(void **state)
{
    (void)state;
    struct credential credential;
    struct err err;
    struct tpm_public ek = public_of(TPM_EK_P256);
    ek.y = from_hex("05");
    assert_int_equal(seal(&ek, "secret", &credential, &err), R_INVALID);
    assert_int_equal(err.code, E_TPM);
    ek = public_of(TPM_EK_RSA);
    ek.modulus.n = 128;
    assert_int_equal(seal(&ek, "secret", &credential, &err), R_INVALID);
    assert_int_equal(err.code, E_TPM);
}

static void a_secret_of_another_length_is_a_mistake_of_ours(void **state)
{
    (void)state;
    struct credential credential;
    struct tpm_public ek = public_of(TPM_EK_P256);
    assert_int_equal(seal(&ek, "", &credential, NULL), R_BUG);
    assert_int_equal(seal(&ek, "123456789012345678901234567890123", &credential, NULL), R_BUG);
    assert_int_equal(seal(&ek, "12345678901234567890123456789012", &credential, NULL), OK);
}

static void a_name_is_what_the_tpm_calls_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *area, *name;
    } rows[] = {{TPM_AK_ECDSA, TPM_AK_ECDSA_NAME},
                {TPM_AK_RSASSA, TPM_AK_RSASSA_NAME},
                {TPM_KEY_P256, TPM_KEY_P256_NAME},
                {TPM_EK_P384, TPM_EK_P384_NAME}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct tpm_name name = name_of(rows[i].area);
        assert_bytes(tpm_name_bytes(&name), from_hex(rows[i].name));
    }
}

/* The same secret for the same key is never the same octets twice. */
static void each_one_has_a_seed_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *ek;
        size_t digest_n, seed_n;
    } rows[] = {{TPM_EK_RSA, 32, 2 + 256},
                {TPM_EK_P256, 32, 2 + 2 * (2 + 32)},
                {TPM_EK_P384, 48, 2 + 2 * (2 + 48)}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct credential one, other;
        struct tpm_public ek = public_of(rows[i].ek);
        assert_int_equal(seal(&ek, "secret", &one, NULL), OK);
        assert_int_equal(seal(&ek, "secret", &other, NULL), OK);
        assert_int_equal(one.blob_n, 2 + 2 + rows[i].digest_n + 2 + 6);
        assert_int_equal(one.seed_n, rows[i].seed_n);
        assert_memory_not_equal(one.seed + 4, other.seed + 4, one.seed_n - 4);
        assert_memory_not_equal(one.blob + 4, other.blob + 4, rows[i].digest_n);
        assert_memory_not_equal(one.blob + one.blob_n - 8, other.blob + one.blob_n - 8, 8);
    }
}

static int start(void **state)
{
    (void)state;
    return crypto_start(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_sealed_to_a_key_that_seals_nothing),
        cmocka_unit_test(nothing_is_sealed_to_a_point_off_its_curve_or_a_small_key),
        cmocka_unit_test(a_secret_of_another_length_is_a_mistake_of_ours),
        cmocka_unit_test(a_name_is_what_the_tpm_calls_the_key),
        cmocka_unit_test(each_one_has_a_seed_of_its_own),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
