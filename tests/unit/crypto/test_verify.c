#include <crypto/key.h>
#include <crypto/verify.h>
#include <wire/hex.h>

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define OCTETS_MAX 8192

/* ---- Wycheproof (C2SP), where it lies beside the project ---------------------------------------
 */

struct octets {
    uint8_t p[OCTETS_MAX];
    size_t n;
};

static struct bytes unhex(json_t *object, const char *key, struct octets *room)
{
    const char *hex = json_string_value(json_object_get(object, key));
    struct buf b = buf_over(room->p, sizeof(room->p));

    assert_non_null(hex);
    assert_true(hex_decode(&b, bytes_of(hex, strlen(hex))));
    return buf_bytes(&b);
}

static void judge_vector(const struct x509_key *key, enum x509_sig_alg alg, json_t *vector)
{
    static struct octets message, signature;
    const char *wanted = json_string_value(json_object_get(vector, "result"));
    enum result result = verify_signature(key, alg, unhex(vector, "msg", &message),
                                          unhex(vector, "sig", &signature), NULL);

    if (strcmp(wanted, "acceptable") == 0)
        return;
    if ((result == OK) != (strcmp(wanted, "valid") == 0))
        print_message("# tcId %lld: %s\n",
                      (long long)json_integer_value(json_object_get(vector, "tcId")), wanted);
    assert_int_equal(result == OK, strcmp(wanted, "valid") == 0);
}

static void judge_group(json_t *group, enum x509_sig_alg alg)
{
    static struct octets spki;
    struct x509_key key;
    const char *why = NULL;
    size_t i;
    json_t *vector;

    assert_true(x509_read_spki(unhex(group, "publicKeyDer", &spki), &key, &why));
    json_array_foreach(json_object_get(group, "tests"), i, vector) judge_vector(&key, alg, vector);
}

static void judge_file(const char *name, enum x509_sig_alg alg)
{
    char path[1024];
    size_t i;
    json_t *group;

    snprintf(path, sizeof(path), "%s/../shared/vectors/wycheproof/testvectors_v1/%s",
             getenv("TROTH_SOURCE"), name);
    json_t *file = json_load_file(path, 0, NULL);
    if (file == NULL) {
        /* cmocka's skip() says "not ok" in TAP */
        print_message("# skipped: the vectors of Wycheproof are not beside the project\n");
        return;
    }
    json_array_foreach(json_object_get(file, "testGroups"), i, group) judge_group(group, alg);
    json_decref(file);
}

static void agrees_with_wycheproof_on_p256(void **state)
{
    (void)state;
    judge_file("ecdsa_secp256r1_sha256_test.json", X509_SIG_ECDSA_SHA256);
}

static void agrees_with_wycheproof_on_p384(void **state)
{
    (void)state;
    judge_file("ecdsa_secp384r1_sha384_test.json", X509_SIG_ECDSA_SHA384);
}

static void agrees_with_wycheproof_on_ed25519(void **state)
{
    (void)state;
    judge_file("ed25519_test.json", X509_SIG_ED25519);
}

static void agrees_with_wycheproof_on_rsa(void **state)
{
    (void)state;
    judge_file("rsa_signature_2048_sha256_test.json", X509_SIG_RSA_SHA256);
}

/* ---- our own --------------------------------------------------------------------------------- */

static void refuses_an_algorithm_that_is_not_the_keys(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct key_signature signature;
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    assert_int_equal(key_sign(key, bytes_text("text"), &signature, NULL), OK);

    struct x509_key public_half = {.alg = X509_KEY_P256, .point = key_point(key)};
    static const enum x509_sig_alg wrong[] = {X509_SIG_OTHER, X509_SIG_ECDSA_SHA384,
                                              X509_SIG_ED25519, X509_SIG_RSA_SHA256};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        assert_int_equal(verify_signature(&public_half, wrong[i], bytes_text("text"),
                                          key_signature_bytes(&signature), NULL),
                         R_CRYPTO);
    public_half.alg = X509_KEY_OTHER;
    assert_int_equal(verify_signature(&public_half, X509_SIG_ECDSA_SHA256, bytes_text("text"),
                                      key_signature_bytes(&signature), NULL),
                     R_CRYPTO);
    key_free(key);
}

/* What OpenSSL signs with that digest; for RSA with that padding. */
struct foreign {
    EVP_PKEY *pkey;
    uint8_t spki[600], signature[512];
    struct x509_key fields;
    size_t n;
};

static void foreign_sign(struct foreign *f, const EVP_MD *digest, int padding)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL;
    uint8_t *to = f->spki;
    const char *why = NULL;
    int n = i2d_PUBKEY(f->pkey, &to);

    assert_true(x509_read_spki(bytes_of(f->spki, (size_t)n), &f->fields, &why));
    f->n = sizeof(f->signature);
    assert_int_equal(EVP_DigestSignInit(ctx, &pkey_ctx, digest, NULL, f->pkey), 1);
    if (padding != 0)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, padding), 1);
    assert_int_equal(EVP_DigestSign(ctx, f->signature, &f->n, (const uint8_t *)"text", 4), 1);
    EVP_MD_CTX_free(ctx);
}

static enum result foreign_verify(const struct foreign *f, enum x509_sig_alg alg)
{
    return verify_signature(&f->fields, alg, bytes_text("text"), bytes_of(f->signature, f->n),
                            NULL);
}

static void every_hash_that_clients_sign_with_is_verified(void **state)
{
    (void)state;
    const struct {
        const EVP_MD *digest;
        enum x509_sig_alg ecdsa, rsa;
    } rows[] = {{EVP_sha256(), X509_SIG_ECDSA_SHA256, X509_SIG_RSA_SHA256},
                {EVP_sha384(), X509_SIG_ECDSA_SHA384, X509_SIG_RSA_SHA384},
                {EVP_sha512(), X509_SIG_ECDSA_SHA512, X509_SIG_RSA_SHA512}};
    struct foreign keys[] = {
        {.pkey = EVP_EC_gen("P-256")}, {.pkey = EVP_EC_gen("P-384")}, {.pkey = EVP_RSA_gen(2048)}};

    for (size_t k = 0; k < LENGTH_OF(keys); k++) {
        for (size_t i = 0; i < LENGTH_OF(rows); i++) {
            foreign_sign(&keys[k], rows[i].digest, 0);
            for (size_t j = 0; j < LENGTH_OF(rows); j++)
                assert_int_equal(foreign_verify(&keys[k], k == 2 ? rows[j].rsa : rows[j].ecdsa),
                                 i == j ? OK : R_CRYPTO);
        }
        EVP_PKEY_free(keys[k].pkey);
    }
}

static void a_pss_signature_is_none_of_pkcs1(void **state)
{
    (void)state;
    struct foreign key = {.pkey = EVP_RSA_gen(2048)};

    foreign_sign(&key, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
    assert_int_equal(foreign_verify(&key, X509_SIG_RSA_SHA256), R_CRYPTO);
    foreign_sign(&key, EVP_sha256(), RSA_PKCS1_PADDING);
    assert_int_equal(foreign_verify(&key, X509_SIG_RSA_SHA256), OK);
    EVP_PKEY_free(key.pkey);
}

/* After a bad point or signature the next good one is judged alike: nothing of them stays behind.
 */
static void forgets_what_it_refused(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct key_signature signature;
    uint8_t off_curve[X509_P256_POINT_N];
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    assert_int_equal(key_sign(key, bytes_text("text"), &signature, NULL), OK);
    memcpy(off_curve, key_point(key).p, sizeof(off_curve));
    off_curve[64] ^= 1;

    struct x509_key good = {.alg = X509_KEY_P256, .point = key_point(key)};
    struct x509_key bad = {.alg = X509_KEY_P256, .point = bytes_of(off_curve, sizeof(off_curve))};
    struct bytes s = key_signature_bytes(&signature);
    for (int i = 0; i < 3; i++) {
        struct err err = {0};
        assert_int_equal(verify_signature(&bad, X509_SIG_ECDSA_SHA256, bytes_text("text"), s, &err),
                         R_CRYPTO);
        assert_int_equal(err.code, E_KEY);
        assert_int_equal(
            verify_signature(&good, X509_SIG_ECDSA_SHA256, bytes_text("other"), s, &err), R_CRYPTO);
        assert_int_equal(err.code, E_SIGNATURE);
        assert_int_equal(
            verify_signature(&good, X509_SIG_ECDSA_SHA256, bytes_text("text"), s, &err), OK);
    }
    key_free(key);
}

static bool is_point_usable(struct bytes point)
{
    return is_usable_key(&(struct x509_key){.alg = X509_KEY_P256, .point = point});
}

static void knows_points_of_the_curve(void **state)
{
    (void)state;
    struct key *key = NULL;
    uint8_t point[X509_P256_POINT_N];
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    memcpy(point, key_point(key).p, sizeof(point));

    assert_true(is_point_usable(bytes_of(point, sizeof(point))));
    assert_false(is_point_usable(bytes_of(point, sizeof(point) - 1)));
    assert_false(is_point_usable(bytes_of(NULL, 0)));
    point[0] = 6; /* the hybrid form of SEC 1 */
    assert_false(is_point_usable(bytes_of(point, sizeof(point))));
    point[0] = 4;
    point[40] ^= 0x10;
    assert_false(is_point_usable(bytes_of(point, sizeof(point))));
    memset(point + 1, 0, 64);
    assert_false(is_point_usable(bytes_of(point, sizeof(point))));
    key_free(key);
}

static void refuses_small_and_giant_rsa(void **state)
{
    (void)state;
    static uint8_t modulus[1024];
    static const size_t sizes[] = {128, 255, 513, 1024};
    memset(modulus, 0xff, sizeof(modulus));

    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        struct err err = {0};
        struct x509_key key = {.alg = X509_KEY_RSA,
                               .modulus = bytes_of(modulus, sizes[i]),
                               .exponent = bytes_text("\x01\x00\x01")};
        assert_int_equal(verify_signature(&key, X509_SIG_RSA_SHA256, bytes_text("text"),
                                          bytes_of(modulus, sizes[i]), &err),
                         R_CRYPTO);
        assert_int_equal(err.code, E_KEY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_algorithm_that_is_not_the_keys),
        cmocka_unit_test(refuses_small_and_giant_rsa),
        cmocka_unit_test(knows_points_of_the_curve),
        cmocka_unit_test(forgets_what_it_refused),
        cmocka_unit_test(agrees_with_wycheproof_on_p256),
        cmocka_unit_test(agrees_with_wycheproof_on_p384),
        cmocka_unit_test(agrees_with_wycheproof_on_ed25519),
        cmocka_unit_test(agrees_with_wycheproof_on_rsa),
        cmocka_unit_test(every_hash_that_clients_sign_with_is_verified),
        cmocka_unit_test(a_pss_signature_is_none_of_pkcs1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
