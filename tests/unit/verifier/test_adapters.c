// Each algorithm that can stand behind the verifier, by the same public vectors: Wycheproof's,
// those of COSE, and the examples of the SUIT draft.
#include "scene.h"
#include "vectors.h"

#include <troth/adapters/bearssl.h>
#include <troth/adapters/openssl.h>
#include <troth/adapters/openssl_more.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct source {
    const char *file, *member; // of a group's publicKey
    const struct troth_algorithm *algorithm;
};

static void judge_vector(const struct source *source, const struct vector *key, json_t *vector)
{
    static struct vector message, signature;
    vector_unhex(vector, "msg", &message);
    vector_unhex(vector, "sig", &signature);
    const struct troth_octets parts[] = {{message.p, message.n / 3},
                                         {message.p + message.n / 3, message.n - message.n / 3}};
    const struct troth_message over = {parts, 2};
    bool is_valid = strcmp(json_string_value(json_object_get(vector, "result")), "valid") == 0;
    enum troth_verdict verdict =
        source->algorithm->verify((struct troth_octets){key->p, key->n}, &over,
                                  (struct troth_octets){signature.p, signature.n});
    if ((verdict == TROTH_VALID) != is_valid)
        fail_msg("%s, tcId %lld: %s", source->file,
                 (long long)json_integer_value(json_object_get(vector, "tcId")),
                 troth_verdict_name(verdict));
}

static void agree(const struct source *source)
{
    static struct vector key;
    char path[256];
    size_t i, k;
    json_t *group, *vector;
    snprintf(path, sizeof path, "wycheproof/testvectors_v1/%s", source->file);
    json_t *all = vector_load(path);
    if (all == NULL)
        return;
    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        vector_unhex(json_object_get(group, "publicKey"), source->member, &key);
        json_array_foreach(json_object_get(group, "tests"), k, vector)
            judge_vector(source, &key, vector);
    }
    assert_true(i > 0);
    json_decref(all);
}

#define P256 "ecdsa_secp256r1_sha256_p1363_test.json", "uncompressed"
#define P384 "ecdsa_secp384r1_sha384_p1363_test.json", "uncompressed"
#define ED25519 "ed25519_test.json", "pk"

static void ours_agrees_with_wycheproof(void **state)
{
    (void)state;
    agree(&(struct source){P256, &troth_es256});
    agree(&(struct source){P256, &troth_esp256});
}

static void bearssl_s_p256_agrees_with_wycheproof(void **state)
{
    (void)state;
    agree(&(struct source){P256, &troth_bearssl_es256});
    agree(&(struct source){P256, &troth_bearssl_esp256});
}

// The same octets in pieces of any length, by three that have nothing in common.
static void hashes_agree(void **state)
{
    static const struct troth_hash *const others[] = {&troth_bearssl_sha256, &troth_openssl_sha256};
    static uint8_t octets[300];
    (void)state;
    for (size_t n = 0; n <= sizeof octets; n++) {
        uint8_t ours[TROTH_HASH_N], theirs[TROTH_HASH_N];
        union troth_hash_state hash;
        octets[n / 2] = (uint8_t)(n * 7);
        troth_hash_small.begin(&hash);
        troth_hash_small.add(&hash, octets, n / 3);
        troth_hash_small.add(&hash, octets + n / 3, n - n / 3);
        troth_hash_small.end(&hash, ours);
        for (size_t i = 0; i < 2; i++) {
            others[i]->begin(&hash);
            others[i]->add(&hash, octets, n);
            others[i]->end(&hash, theirs);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

static void openssl_s_p256_agrees_with_wycheproof(void **state)
{
    (void)state;
    agree(&(struct source){P256, &troth_openssl_es256});
    agree(&(struct source){P256, &troth_openssl_esp256});
}

static void openssl_s_p384_agrees_with_wycheproof(void **state)
{
    (void)state;
    agree(&(struct source){P384, &troth_openssl_es384});
    agree(&(struct source){P384, &troth_openssl_esp384});
}

static void openssl_s_ed25519_agrees_with_wycheproof(void **state)
{
    (void)state;
    agree(&(struct source){ED25519, &troth_openssl_ed25519});
    agree(&(struct source){ED25519, &troth_openssl_eddsa});
}

// ---- COSE's examples: the structure that is signed, and the signature at the message's end

static void judge_cose(const char *file, const char *key_hex, const struct troth_algorithm *by,
                       size_t signature_n)
{
    static struct vector over, message;
    uint8_t space[128];
    struct buf key = buf_over(space, sizeof space);
    struct diag_values none = {0};
    char path[128], text[300];
    snprintf(path, sizeof path, "cose-examples/%s", file);
    snprintf(text, sizeof text, "h'%s'", key_hex);
    json_t *all = vector_load(path);
    if (all == NULL)
        return;
    vector_unhex(json_object_get(all, "intermediates"), "ToBeSign_hex", &over);
    vector_unhex(json_object_get(all, "output"), "cbor", &message);
    diag_write(&key, text, &none);
    size_t key_n = strlen(key_hex) / 2;
    const struct troth_octets octets = {key.p + key.n - key_n, key_n};
    const struct troth_octets part = {over.p, over.n};
    const struct troth_octets signature = {message.p + message.n - signature_n, signature_n};
    const struct troth_message whole = {&part, 1};
    assert_int_equal(by->verify(octets, &whole, signature), TROTH_VALID);
    over.p[over.n - 1] ^= 1;
    assert_int_equal(by->verify(octets, &whole, signature), TROTH_BAD_SIGNATURE);
    json_decref(all);
}

#define KEY_11                                                                                     \
    "04bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"                           \
    "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"

static void agrees_with_the_examples_of_cose(void **state)
{
    static const char *const files[] = {
        "sign1-tests/sign-pass-01.json", "sign1-tests/sign-pass-02.json",
        "sign1-tests/sign-pass-03.json", "ecdsa-examples/ecdsa-sig-01.json"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        judge_cose(files[i], KEY_11, &troth_es256, 64);
        judge_cose(files[i], KEY_11, &troth_openssl_es256, 64);
        judge_cose(files[i], KEY_11, &troth_bearssl_es256, 64);
    }
    judge_cose("eddsa-examples/eddsa-sig-01.json",
               "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
               &troth_openssl_eddsa, 64);
}

// ---- the draft's examples, whole

static const uint8_t their_vendor[] = {0xfa, 0x6b, 0x4a, 0x53, 0xd5, 0xad, 0x5f, 0xdf,
                                       0xbe, 0x9d, 0xe6, 0x63, 0xe4, 0xd4, 0x1f, 0xfe};
static const uint8_t their_class[] = {0x14, 0x92, 0xaf, 0x14, 0x25, 0x69, 0x5e, 0x48,
                                      0xbf, 0x42, 0x9b, 0x2d, 0x51, 0xf2, 0xab, 0x45};

// The hexadecimal after the last line that begins so.
static void find_envelope(struct vector *text, struct troth_octets *ret)
{
    size_t n = 0;
    char *at = NULL;
    text->p[text->n] = '\0';
    for (char *p = strstr((char *)text->p, "\nd86b"); p != NULL; p = strstr(p + 1, "\nd86b"))
        at = p;
    assert_non_null(at);
    for (; *at != '\0' && *at != '~'; at++) {
        if (*at == '\n')
            continue;
        char pair[3] = {at[0], at[1], '\0'};
        text->p[n++] = (uint8_t)strtoul(pair, NULL, 16);
        at++;
    }
    *ret = (struct troth_octets){text->p, n};
}

static void judge_example(const struct troth_keyset *set, struct troth_octets envelope)
{
    static const uint8_t ids[][3] = {{0x81, 0x41, 0x00}, {0x81, 0x41, 0x01}, {0x81, 0x41, 0x02}};
    const struct troth_suit_place places[] = {
        {{ids[0], 3}, 0, 0, 0}, {{ids[1], 3}, 0, 0, 1}, {{ids[2], 3}, 0, 0, 2}};
    const struct troth_suit_acts none = {NULL, NULL, NULL, NULL, NULL};
    const struct troth_suit_device device = {their_vendor, their_class, NULL,  0,
                                             places,       3,           &none, NULL};
    const struct troth_suit_trust trust = {&scene_crypto, set};
    struct troth_suit suit;
    struct troth_fault fault;
    enum troth_verdict verdict = troth_suit_open(&suit, &trust, &device, envelope, &fault);
    if (verdict != TROTH_VALID)
        fail_msg("%s at %zu", troth_verdict_name(verdict), fault.offset);
}

static void the_examples_of_suit_are_valid(void **state)
{
    static struct vector key, text;
    (void)state;
    if (!vector_read_key("suit-spec-examples/examples/private_key-pub.pem", &key))
        return;
    const struct troth_keyset set = {
        .wanted = {1, 1},
        .n = 1,
        .keys = {{1, TROTH_ES256, TROTH_USE_RELEASE, {key.p, key.n}}},
    };
    for (unsigned i = 0; i < 6; i++) {
        char path[128];
        struct troth_octets envelope;
        snprintf(path, sizeof path, "suit-spec-examples/examples/example%u.txt", i);
        assert_true(vector_read(path, &text));
        find_envelope(&text, &envelope);
        judge_example(&set, envelope);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_agrees_with_wycheproof),
        cmocka_unit_test(bearssl_s_p256_agrees_with_wycheproof),
        cmocka_unit_test(hashes_agree),
        cmocka_unit_test(openssl_s_p256_agrees_with_wycheproof),
        cmocka_unit_test(openssl_s_p384_agrees_with_wycheproof),
        cmocka_unit_test(openssl_s_ed25519_agrees_with_wycheproof),
        cmocka_unit_test(agrees_with_the_examples_of_cose),
        cmocka_unit_test(the_examples_of_suit_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
