// A key set of one P-256 key that is made anew, and COSE_Sign1 by that key over anything: so that
// what is behind a signature is fuzzed too.
#pragma once

#include "fuzz.h"

#include <crypto/hash.h>
#include <crypto/key.h>
#include <troth/adapters/openssl.h>
#include <troth/keyset.h>
#include <wire/cbor.h>
#include <wire/manifest.h>
#include <wire/x509.h>

#define ROOM 131072

static struct key *signer_key;
static struct troth_keyset signer_set;

static const struct troth_algorithm *const signer_algorithms[] = {&troth_openssl_es256};
static const struct troth_crypto signer_crypto = {signer_algorithms, 1, &troth_openssl_sha256,
                                                  NULL};

static void make_signer(void)
{
    if (signer_key != NULL)
        return;
    must(key_generate(KEY_P256, &signer_key, NULL) == OK);
    struct bytes point = key_point(signer_key);
    signer_set = (struct troth_keyset){
        .sequence = 1,
        .floor = 1,
        .wanted = {1, 1, 1, 1},
        .n = 1,
        .keys = {{1, TROTH_ES256, 15, {point.p, point.n}}},
    };
}

static void sign_raw(struct bytes octets, uint8_t ret[64])
{
    struct key_signature der;
    must(key_sign(signer_key, octets, &der, NULL) == OK);
    must(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, ret));
}

static inline void put_signature(struct buf *b, struct bytes payload, struct bytes type)
{
    static uint8_t space[ROOM];
    uint8_t raw[64];
    const struct manifest_signer signer = {TROTH_ES256, type};
    struct buf over = buf_over(space, sizeof space);
    manifest_write_signed(&over, &signer, payload);
    must(buf_ok(&over));
    sign_raw(buf_bytes(&over), raw);
    manifest_write_signature(b, &signer, bytes_of(raw, sizeof raw));
}

static inline struct troth_octets octets_of(struct bytes b)
{
    return (struct troth_octets){b.p, b.n};
}
