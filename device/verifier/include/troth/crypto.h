// The cryptography that a device brings to the verifier: tables of functions, so that a build holds
// what its table names and nothing else (compile with -ffunction-sections -fdata-sections, link
// with
// --gc-sections).
//
// Built in are ES256 and ESP256 (FIPS 186-5, P-256 with SHA-256, variable time: all is public) and
// HSS/LMS (RFC 8554 with SHA-256, RFC 9858 with SHA-256/192), which need no other code. Others are
// adapters: <troth/adapters/openssl.h>, <troth/adapters/bearssl.h>.
#pragma once

#include <troth/verdict.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TROTH_HASH_N 32
#define TROTH_POINT_N 65     // 04 || x || y: SEC 1 2.3.3
#define TROTH_SIGNATURE_N 64 // r || s

// Octets of somebody else's, which stay where they are.
struct troth_octets {
    const uint8_t *p;
    size_t n;
};

// ---- SHA-256, FIPS 180-4: small rather than fast
struct troth_sha256 {
    uint32_t state[8];
    size_t n;
    uint8_t block[64];
};
void troth_sha256_begin(struct troth_sha256 *hash);
void troth_sha256_add(struct troth_sha256 *hash, const void *octets, size_t n);
void troth_sha256_end(struct troth_sha256 *hash, uint8_t ret[TROTH_HASH_N]);

// What was signed, as parts that follow each other.
struct troth_message {
    const struct troth_octets *parts;
    size_t n;
};
void troth_sha256_add_message(struct troth_sha256 *hash, const struct troth_message *message);
void troth_sha256_message(const struct troth_message *message, uint8_t ret[TROTH_HASH_N]);

// ---- the hash of payloads, SHA-256 by whatever does it fastest
// What was begun is ended, and not used after that.
union troth_hash_state {
    struct troth_sha256 sha256;
    void *pointer;
    uint64_t words[16]; // for an adapter's own
};
struct troth_hash {
    void (*begin)(union troth_hash_state *state);
    void (*add)(union troth_hash_state *state, const void *octets, size_t n);
    void (*end)(union troth_hash_state *state, uint8_t ret[TROTH_HASH_N]);
};
extern const struct troth_hash troth_hash_small; // ours

// ---- signatures
// Numbers of the IANA registry "COSE Algorithms" (RFC 9053, RFC 8778, RFC 9864).
enum troth_algorithm_number {
    TROTH_ES256 = -7,
    TROTH_EDDSA = -8,
    TROTH_ESP256 = -9,
    TROTH_ED25519 = -19,
    TROTH_ES384 = -35,
    TROTH_PS256 = -37,
    TROTH_HSS_LMS = -46,
    TROTH_ESP384 = -51,
};

// `key`: 65 octets of a point, 97 for P-384, 32 for Ed25519, an HSS public key (RFC 8554 6.1), an
// RSAPublicKey (RFC 8017 A.1.1, DER).
// `signature` as COSE has it: r || s, 64 octets of Ed25519, an HSS signature.
// TROTH_VALID, TROTH_BAD_KEY, TROTH_BAD_SIGNATURE (octets that are no signature at all too).
typedef enum troth_verdict (*troth_verify)(struct troth_octets key,
                                           const struct troth_message *message,
                                           struct troth_octets signature);
struct troth_algorithm {
    int32_t number;
    troth_verify verify;
};
extern const struct troth_algorithm troth_es256, troth_esp256, troth_hss_lms;

// SHA-384 (`n` is 48) or SHA-512 (64), FIPS 180-4.
typedef void (*troth_wide_hash)(const struct troth_message *message, size_t n, uint8_t *ret);

struct troth_crypto {
    const struct troth_algorithm *const *algorithms;
    size_t n;
    const struct troth_hash *hash;
    troth_wide_hash wide; // for images of MCUboot alone; NULL: there is none
};

// The key's own algorithm verifies, or nothing does: TROTH_WRONG_ALGORITHM where the table has not
// it.
enum troth_verdict troth_verify_by(const struct troth_crypto *crypto, int32_t algorithm,
                                   struct troth_octets key, const struct troth_message *message,
                                   struct troth_octets signature);

// ECDSA over P-256 for a hash of 32 octets. Refuses points off the curve, r and s of 0 or not below
// the order; both s and n - s verify (ECDSA is malleable: never tell signed things apart by their
// signatures).
enum troth_verdict troth_es256_verify(const uint8_t point[TROTH_POINT_N],
                                      const uint8_t hash[TROTH_HASH_N],
                                      const uint8_t signature[TROTH_SIGNATURE_N]);
