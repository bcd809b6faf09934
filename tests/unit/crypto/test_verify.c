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

static void knows_points_of_the_curve(void **state)
{
    (void)state;
    struct key *key = NULL;
    uint8_t point[X509_P256_POINT_N];
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    memcpy(point, key_point(key).p, sizeof(point));

    assert_true(is_on_p256(bytes_of(point, sizeof(point))));
    assert_false(is_on_p256(bytes_of(point, sizeof(point) - 1)));
    assert_false(is_on_p256(bytes_of(NULL, 0)));
    point[0] = 6; /* the hybrid form of SEC 1 */
    assert_false(is_on_p256(bytes_of(point, sizeof(point))));
    point[0] = 4;
    point[40] ^= 0x10;
    assert_false(is_on_p256(bytes_of(point, sizeof(point))));
    memset(point + 1, 0, 64);
    assert_false(is_on_p256(bytes_of(point, sizeof(point))));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
