/* ES256 as the device verifies it, against OpenSSL on the same octets and against Wycheproof. */
#include <troth/verify.h>

#include <crypto/hash.h>
#include <crypto/key.h>
#include <wire/hex.h>
#include <wire/x509.h>

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 200

struct signed_text {
    uint8_t point[TROTH_POINT_N], hash[TROTH_HASH_N], signature[TROTH_SIGNATURE_N];
};

static struct signed_text sign_some(unsigned n)
{
    struct signed_text out;
    struct key *key = NULL;
    struct key_signature der;
    struct x509_key read;
    const char *why = NULL;
    uint8_t text[sizeof n];
    memcpy(text, &n, sizeof n);
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    assert_int_equal(key_sign(key, bytes_of(text, sizeof text), &der, NULL), OK);
    assert_true(x509_read_spki(key_spki(key), &read, &why));
    memcpy(out.point, read.point.p, sizeof out.point);
    sha256(bytes_of(text, sizeof text), out.hash);
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, out.signature));
    key_free(key);
    return out;
}

static enum troth_verdict judge(const struct signed_text *text)
{
    return troth_es256_verify(text->point, text->hash, text->signature);
}

static void what_openssl_signs_is_valid(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct signed_text text = sign_some(i);
        assert_int_equal(judge(&text), TROTH_VALID);
    }
}

static void flip(uint8_t *octets, size_t bit)
{
    octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct signed_text text = sign_some(1);
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        flip((uint8_t *)&text, bit);
        assert_int_not_equal(judge(&text), TROTH_VALID);
        flip((uint8_t *)&text, bit);
    }
    assert_int_equal(judge(&text), TROTH_VALID);
}

static void numbers_out_of_their_range_are_refused(void **state)
{
    static const char *const numbers[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", /* the order */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (size_t half = 0; half < 2; half++) {
            struct signed_text text = sign_some(2);
            struct buf b = buf_over(text.signature + 32 * half, 32);
            assert_true(hex_decode(&b, bytes_of(numbers[i], 64)));
            assert_int_equal(judge(&text), TROTH_BAD_SIGNATURE);
            text = sign_some(3);
            b = buf_over(text.point + 1 + 32 * half, 32);
            assert_true(hex_decode(&b, bytes_of(numbers[i], 64)));
            assert_int_equal(judge(&text), TROTH_BAD_KEY);
        }
    }
}

/* A point of the curve whose x is 0, or the field's prime: two ways to write one key would be two
 * signers. */
static void a_key_has_one_form(void **state)
{
    static const char *const points[] = {
        "040000000000000000000000000000000000000000000000000000000000000000"
        "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
        "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
    };
    static const enum troth_verdict verdicts[] = {TROTH_BAD_SIGNATURE, TROTH_BAD_KEY};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signed_text text = sign_some(2);
        struct buf b = buf_over(text.point, sizeof text.point);
        assert_true(hex_decode(&b, bytes_of(points[i], 130)));
        assert_int_equal(judge(&text), verdicts[i]);
    }
}

/* The private keys are 1 and the order less 1: key and base point are one, or cancel out. The
 * signatures of "troth" were made in plain numbers, and cryptography's OpenSSL takes them. */
static void keys_that_meet_the_base_point_are_no_exception(void **state)
{
    static const struct {
        const char *point, *signature;
    } rows[] = {
        {"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
         "471c3e758c4904285bba7e53118ed0f524adeb0757d25bd2f8e7b0d76dfa714c"
         "f656e7245972f4f4f8ac7f098641eeddb0078add7f97f4d58f9e8d8685c01c23"},
        {"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
         "471c3e758c4904285bba7e53118ed0f524adeb0757d25bd2f8e7b0d76dfa714c"
         "dba6c94b91da8684db1140867d1be55a2db7ce79dcefdf97c7edd724a6ca7bde"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signed_text text;
        struct buf point = buf_over(text.point, sizeof text.point);
        struct buf signature = buf_over(text.signature, sizeof text.signature);
        assert_true(hex_decode(&point, bytes_of(rows[i].point, 130)));
        assert_true(hex_decode(&signature, bytes_of(rows[i].signature, 128)));
        sha256(bytes_text("troth"), text.hash);
        assert_int_equal(judge(&text), TROTH_VALID);
        text.hash[31] ^= 1;
        assert_int_equal(judge(&text), TROTH_BAD_SIGNATURE);
    }
}

/* ---- Wycheproof (C2SP), where it lies beside the project ---------------------------------------
 */

struct octets {
    uint8_t p[8192];
    size_t n;
};

static struct octets unhex(json_t *object, const char *key)
{
    struct octets out;
    const char *hex = json_string_value(json_object_get(object, key));
    struct buf b = buf_over(out.p, sizeof out.p);
    assert_non_null(hex);
    assert_true(hex_decode(&b, bytes_of(hex, strlen(hex))));
    out.n = b.n;
    return out;
}

static void judge_vector(const struct octets *point, json_t *vector)
{
    struct octets message = unhex(vector, "msg"), signature = unhex(vector, "sig");
    bool is_valid = strcmp(json_string_value(json_object_get(vector, "result")), "valid") == 0;
    struct signed_text text;
    if (signature.n != TROTH_SIGNATURE_N) { /* the interface has no other lengths */
        assert_false(is_valid);
        return;
    }
    memcpy(text.point, point->p, sizeof text.point);
    memcpy(text.signature, signature.p, sizeof text.signature);
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, message.p, message.n);
    troth_sha256_end(&hash, text.hash);
    if ((judge(&text) == TROTH_VALID) != is_valid)
        fail_msg("tcId %lld", (long long)json_integer_value(json_object_get(vector, "tcId")));
}

static void agrees_with_wycheproof(void **state)
{
    char path[1024];
    size_t i, k;
    json_t *group, *vector;
    (void)state;
    snprintf(path, sizeof path, "%s/../shared/vectors/wycheproof/testvectors_v1/%s",
             getenv("TROTH_SOURCE"), "ecdsa_secp256r1_sha256_p1363_test.json");
    json_t *file = json_load_file(path, 0, NULL);
    if (file == NULL) {
        /* cmocka's skip() says "not ok" in TAP */
        print_message("# skipped: the vectors of Wycheproof are not beside the project\n");
        return;
    }
    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        struct octets point = unhex(json_object_get(group, "publicKey"), "uncompressed");
        assert_int_equal(point.n, TROTH_POINT_N);
        json_array_foreach(json_object_get(group, "tests"), k, vector) judge_vector(&point, vector);
    }
    json_decref(file);
}

static void sha256_is_openssl_s(void **state)
{
    uint8_t text[300], mine[TROTH_HASH_N], theirs[SHA256_N];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof text; n++) {
        struct troth_sha256 hash;
        troth_sha256_begin(&hash);
        troth_sha256_add(&hash, text, n / 3);
        troth_sha256_add(&hash, text + n / 3, n - n / 3);
        troth_sha256_end(&hash, mine);
        sha256(bytes_of(text, n), theirs);
        assert_memory_equal(mine, theirs, sizeof mine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_signs_is_valid),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(numbers_out_of_their_range_are_refused),
        cmocka_unit_test(a_key_has_one_form),
        cmocka_unit_test(keys_that_meet_the_base_point_are_no_exception),
        cmocka_unit_test(agrees_with_wycheproof),
        cmocka_unit_test(sha256_is_openssl_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
