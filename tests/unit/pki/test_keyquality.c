#include <pki/keyquality.h>

#include <crypto/key.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint8_t modulus_room[1024];

static struct bytes modulus_of_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    BIGNUM *n = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    int size = BN_bn2bin(n, modulus_room);
    BN_free(n);
    EVP_PKEY_free(key);
    return bytes_of(modulus_room, (size_t)size);
}

/* A modulus as the broken library makes them: p and q are k * M + (65537^a mod M), here not prime,
 * which the fingerprint does not look at. */
static struct bytes modulus_of_roca(void)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *m = BN_new(), *p[2], *n = BN_new(), *g = BN_new(), *k = BN_new();
    BN_one(m);
    for (BN_ULONG prime = 2; prime <= 701; prime++) { /* the 126 primes for RSA-2048 */
        bool is_prime = true;
        for (BN_ULONG d = 2; d * d <= prime; d++)
            is_prime &= prime % d != 0;
        if (is_prime)
            BN_mul_word(m, prime);
    }
    BN_set_word(g, 65537);
    for (int i = 0; i < 2; i++) {
        p[i] = BN_new();
        BN_rand(k, 62, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
        BN_mod_exp(p[i], g, k, m, ctx);
        BN_rand(k, 1024 - BN_num_bits(m), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
        BN_mul(k, k, m, ctx);
        BN_add(p[i], p[i], k);
    }
    BN_mul(n, p[0], p[1], ctx);
    int size = BN_bn2bin(n, modulus_room);
    for (int i = 0; i < 2; i++)
        BN_free(p[i]);
    BN_free(m);
    BN_free(n);
    BN_free(g);
    BN_free(k);
    BN_CTX_free(ctx);
    return bytes_of(modulus_room, (size_t)size);
}

static enum result check_rsa(struct bytes modulus, const char *exponent, size_t exponent_n)
{
    struct x509_key key = {
        .alg = X509_KEY_RSA, .modulus = modulus, .exponent = bytes_of(exponent, exponent_n)};
    struct err err = {0};
    enum result result = keyquality_check(&key, KEYS_ANY, &err);
    assert_int_equal(err.code, result == OK ? E_NONE : E_KEY_WEAK);
    return result;
}

static void refuses_short_and_long_rsa(void **state)
{
    (void)state;
    assert_int_equal(check_rsa(modulus_of_rsa(1024), "\x01\x00\x01", 3), R_REFUSED);
    assert_int_equal(check_rsa(modulus_of_rsa(2047), "\x01\x00\x01", 3), R_REFUSED);
    assert_int_equal(check_rsa(modulus_of_rsa(2048), "\x01\x00\x01", 3), OK);
    memset(modulus_room, 0xff, 513);
    assert_int_equal(check_rsa(bytes_of(modulus_room, 513), "\x01\x00\x01", 3), R_REFUSED);
    assert_int_equal(check_rsa(bytes_of(modulus_room, 0), "\x01\x00\x01", 3), R_REFUSED);
}

static void refuses_exponents_that_are_even_or_small(void **state)
{
    (void)state;
    struct bytes modulus = modulus_of_rsa(2048);

    assert_int_equal(check_rsa(modulus, "\x03", 1), R_REFUSED);
    assert_int_equal(check_rsa(modulus, "\x01", 1), R_REFUSED);
    assert_int_equal(check_rsa(modulus, "\xff\xff", 2), R_REFUSED);
    assert_int_equal(check_rsa(modulus, "\x01\x00\x02", 3), R_REFUSED);
    assert_int_equal(check_rsa(modulus, "\x01\x00\x00\x00\x00\x00\x00\x00\x01", 9), R_REFUSED);
    assert_int_equal(check_rsa(modulus, "\x01\x00\x01", 3), OK);
    assert_int_equal(check_rsa(modulus, "\x01\x00\x03", 3), OK);
}

static void finds_the_fingerprint_of_roca(void **state)
{
    (void)state;
    struct bytes broken = modulus_of_roca();
    assert_int_equal(broken.n, 256);
    assert_true(has_roca_fingerprint(broken));
    assert_int_equal(check_rsa(broken, "\x01\x00\x01", 3), R_REFUSED);
    modulus_room[255] ^= 2;
    assert_false(has_roca_fingerprint(bytes_of(modulus_room, 256)));
}

static void takes_the_kinds_that_are_allowed_and_no_others(void **state)
{
    (void)state;
    struct key *key = NULL;
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    struct x509_key p256 = {.alg = X509_KEY_P256, .point = key_point(key)};
    struct x509_key others[] = {{.alg = X509_KEY_OTHER},
                                {.alg = X509_KEY_P384},
                                {.alg = X509_KEY_ED25519},
                                {.alg = X509_KEY_RSA}};

    assert_int_equal(keyquality_check(&p256, KEYS_P256, NULL), OK);
    assert_int_equal(keyquality_check(&p256, 0, NULL), R_REFUSED);
    assert_int_equal(keyquality_check(&p256, KEYS_ANY & ~KEYS_P256, NULL), R_REFUSED);
    for (size_t i = 0; i < LENGTH_OF(others); i++)
        assert_int_equal(keyquality_check(&others[i], KEYS_P256, NULL), R_REFUSED);
    assert_int_equal(keyquality_check(&others[0], KEYS_ANY, NULL), R_REFUSED);
    key_free(key);
}

static void takes_good_keys_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        enum key_kind kind;
        unsigned keys;
    } rows[] = {{KEY_P256, KEYS_P256},
                {KEY_P384, KEYS_P384},
                {KEY_ED25519, KEYS_ED25519},
                {KEY_RSA_2048, KEYS_RSA}};

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct key *key = NULL;
        struct x509_key fields;
        const char *why = NULL;
        assert_int_equal(key_generate(rows[i].kind, &key, NULL), OK);
        assert_true(x509_read_spki(key_spki(key), &fields, &why));
        assert_int_equal(keys_bit(fields.alg), rows[i].keys);
        assert_int_equal(keyquality_check(&fields, rows[i].keys, NULL), OK);
        assert_int_equal(keyquality_check(&fields, KEYS_ANY & ~rows[i].keys, NULL), R_REFUSED);
        key_free(key);
    }
}

static void a_refusal_names_what_is_wanted(void **state)
{
    (void)state;
    struct err err = {0};
    struct x509_key rsa = {.alg = X509_KEY_RSA};

    assert_int_equal(keyquality_check(&rsa, KEYS_EC, &err), R_REFUSED);
    assert_string_equal(err.text, "the key is RSA, wanted is one of: P-256, P-384, Ed25519");
}

static void refuses_a_p384_point_off_the_curve(void **state)
{
    (void)state;
    struct key *key = NULL;
    uint8_t point[X509_P384_POINT_N];
    assert_int_equal(key_generate(KEY_P384, &key, NULL), OK);
    memcpy(point, key_point(key).p, sizeof(point));
    point[20] ^= 1;
    struct x509_key off = {.alg = X509_KEY_P384, .point = bytes_of(point, sizeof(point))};
    assert_int_equal(keyquality_check(&off, KEYS_ANY, NULL), R_REFUSED);
    key_free(key);
}

static void refuses_a_point_off_the_curve(void **state)
{
    (void)state;
    struct key *key = NULL;
    uint8_t point[X509_P256_POINT_N];
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    memcpy(point, key_point(key).p, sizeof(point));
    point[20] ^= 1;
    struct x509_key off = {.alg = X509_KEY_P256, .point = bytes_of(point, sizeof(point))};
    assert_int_equal(keyquality_check(&off, KEYS_P256, NULL), R_REFUSED);
    key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_short_and_long_rsa),
        cmocka_unit_test(refuses_exponents_that_are_even_or_small),
        cmocka_unit_test(refuses_a_point_off_the_curve),
        cmocka_unit_test(refuses_a_p384_point_off_the_curve),
        cmocka_unit_test(a_refusal_names_what_is_wanted),
        cmocka_unit_test(takes_good_keys_of_every_kind),
        cmocka_unit_test(finds_the_fingerprint_of_roca),
        cmocka_unit_test(takes_the_kinds_that_are_allowed_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
