// Keys whose signatures are hashes, and objects that they sign: so that what lies behind a
// signature is fuzzed too, and ten thousand inputs a second instead of one thousand. They are here
// and nowhere else. What verifies real signatures has targets of its own: fuzz_ecdsa.c, fuzz_hss.c.
#pragma once

#define OPENSSL_SUPPRESS_DEPRECATED // its older SHA-256 needs no memory of its own

#include "fuzz.h"

#include <openssl/sha.h>
#include <troth/keyset.h>
#include <wire/cbor.h>
#include <wire/manifest.h>

#define ROOM 131072

static inline struct troth_octets octets_of(struct bytes b)
{
    return (struct troth_octets){b.p, b.n};
}

// ---- SHA-256 that is not instrumented

static inline void quick_begin(union troth_hash_state *state)
{
    SHA256_CTX hash;
    _Static_assert(sizeof hash <= sizeof *state, "the state holds it");
    SHA256_Init(&hash);
    memcpy(state, &hash, sizeof hash);
}

static inline void quick_add(union troth_hash_state *state, const void *octets, size_t n)
{
    SHA256_CTX hash;
    memcpy(&hash, state, sizeof hash);
    SHA256_Update(&hash, octets, n);
    memcpy(state, &hash, sizeof hash);
}

static inline void quick_end(union troth_hash_state *state, uint8_t ret[TROTH_HASH_N])
{
    SHA256_CTX hash;
    memcpy(&hash, state, sizeof hash);
    SHA256_Final(ret, &hash);
}

static const struct troth_hash quick_sha256 = {quick_begin, quick_add, quick_end};

static inline void quick_hash(struct bytes octets, uint8_t ret[TROTH_HASH_N])
{
    SHA256(octets.p, octets.n, ret);
}

// ---- signatures: the hash of key and message, as often as fits

static const uint8_t signer_point[TROTH_POINT_N] = {4, 's', 'i', 'g', 'n', 'e', 'r'};

static inline void hash_signed(struct troth_octets key, const struct troth_message *message,
                               uint8_t ret[TROTH_HASH_N])
{
    SHA256_CTX hash;
    SHA256_Init(&hash);
    SHA256_Update(&hash, key.p, key.n);
    for (size_t i = 0; i < message->n; i++)
        if (message->parts[i].n > 0)
            SHA256_Update(&hash, message->parts[i].p, message->parts[i].n);
    SHA256_Final(ret, &hash);
}

static inline void sign_message(const uint8_t point[TROTH_POINT_N],
                                const struct troth_message *message, uint8_t *ret, size_t n)
{
    uint8_t hash[TROTH_HASH_N];
    hash_signed((struct troth_octets){point, TROTH_POINT_N}, message, hash);
    for (size_t i = 0; i < n; i++)
        ret[i] = hash[i % sizeof hash];
}

static inline void sign_raw(struct bytes octets, uint8_t ret[TROTH_SIGNATURE_N])
{
    const struct troth_octets part = octets_of(octets);
    sign_message(signer_point, &(struct troth_message){&part, 1}, ret, TROTH_SIGNATURE_N);
}

// Not by memcmp(), of which libFuzzer learns what would be the same.
static enum troth_verdict verify_stand_in(struct troth_octets key,
                                          const struct troth_message *message,
                                          struct troth_octets signature)
{
    uint8_t hash[TROTH_HASH_N], differ = 0;
    if (key.n != sizeof signer_point)
        return TROTH_BAD_KEY;
    if (signature.n == 0 || signature.n % sizeof hash != 0)
        return TROTH_BAD_SIGNATURE;
    hash_signed(key, message, hash);
    for (size_t i = 0; i < signature.n; i++)
        differ |= (uint8_t)(signature.p[i] ^ hash[i % sizeof hash]);
    return differ == 0 ? TROTH_VALID : TROTH_BAD_SIGNATURE;
}

static const struct troth_algorithm stand_in_es256 = {TROTH_ES256, verify_stand_in};
static const struct troth_algorithm *const signer_algorithms[] = {&stand_in_es256};
static const struct troth_crypto signer_crypto = {signer_algorithms, 1, &quick_sha256, NULL};
static const struct troth_keyset signer_set = {
    .sequence = 1,
    .floor = 1,
    .wanted = {1, 1, 1, 1},
    .n = 1,
    .keys = {{1, TROTH_ES256, 15, {signer_point, sizeof signer_point}}},
};

// ---- COSE_Sign1 over anything

static inline void put_signature_by(const uint8_t point[TROTH_POINT_N], struct buf *b,
                                    struct bytes payload, struct bytes type)
{
    static uint8_t space[ROOM];
    uint8_t raw[TROTH_SIGNATURE_N];
    const struct manifest_signer signer = {TROTH_ES256, type};
    struct buf over = buf_over(space, sizeof space);
    manifest_write_signed(&over, &signer, payload);
    must(buf_ok(&over));
    const struct troth_octets part = {over.p, over.n};
    sign_message(point, &(struct troth_message){&part, 1}, raw, sizeof raw);
    manifest_write_signature(b, &signer, bytes_of(raw, sizeof raw));
}

static inline void put_signature(struct buf *b, struct bytes payload, struct bytes type)
{
    put_signature_by(signer_point, b, payload, type);
}
