// BearSSL behind the verifier: its SHA-256, and ES256 by its constant-time P-256
// (br_ec_p256_m31, 2.6 kB of stack). Include it in one file of the program, which links libbearssl.
// It allocates nothing.
#pragma once

#include <troth/crypto.h>

#include <bearssl.h>
#include <string.h>

// ---- the hash of payloads

static void troth_bearssl_begin(union troth_hash_state *state)
{
    br_sha256_init((br_sha256_context *)(void *)state);
}

static void troth_bearssl_add(union troth_hash_state *state, const void *octets, size_t n)
{
    br_sha256_update((br_sha256_context *)(void *)state, octets, n);
}

static void troth_bearssl_end(union troth_hash_state *state, uint8_t ret[TROTH_HASH_N])
{
    br_sha256_out((br_sha256_context *)(void *)state, ret);
}

_Static_assert(sizeof(br_sha256_context) <= sizeof(union troth_hash_state), "room for its state");

static const struct troth_hash troth_bearssl_sha256 = {troth_bearssl_begin, troth_bearssl_add,
                                                       troth_bearssl_end};

// ---- signatures

static enum troth_verdict troth_bearssl_verify(struct troth_octets key,
                                               const struct troth_message *message,
                                               struct troth_octets signature)
{
    uint8_t digest[TROTH_HASH_N], point[TROTH_POINT_N];
    if (key.n != TROTH_POINT_N || key.p[0] != 4)
        return TROTH_BAD_KEY;
    if (signature.n != TROTH_SIGNATURE_N)
        return TROTH_BAD_SIGNATURE;
    memcpy(point, key.p, sizeof point);
    // Ours: a device that hashes payloads by it too holds one SHA-256.
    troth_sha256_message(message, digest);
    const br_ec_public_key public_key = {BR_EC_secp256r1, point, sizeof point};
    return br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, digest, sizeof digest, &public_key, signature.p,
                                 signature.n) == 1
               ? TROTH_VALID
               : TROTH_BAD_SIGNATURE;
}

static const struct troth_algorithm troth_bearssl_es256 = {TROTH_ES256, troth_bearssl_verify};
static const struct troth_algorithm troth_bearssl_esp256 = {TROTH_ESP256, troth_bearssl_verify};
