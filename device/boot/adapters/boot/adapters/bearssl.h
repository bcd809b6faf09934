// BearSSL behind measured boot: <boot/dice.h>. HMAC, P-256 (br_ec_p256_m31) and ChaCha20-Poly1305
// in constant time, and nothing allocated. Include it in one file of the program, which links
// device/boot/adapters/bearssl_bits.c and libbearssl: without the former a signature's time tells
// of its nonce.
//
// Where a multiplication to 64 bits takes as long as its operands ask for (Cortex-M3: UMULL) take
// <boot/adapters/bearssl_m15.h>. Poly1305 is the one of 32-bit multiplications.
#pragma once

#include <boot/dice.h>

#include <bearssl.h>

static void dice_bearssl_hmac(struct troth_octets key, const struct troth_message *message,
                              uint8_t ret[TROTH_HASH_N])
{
    br_hmac_key_context made;
    br_hmac_context hmac;
    br_hmac_key_init(&made, &br_sha256_vtable, key.p, key.n);
    br_hmac_init(&hmac, &made, 0);
    for (size_t i = 0; i < message->n; i++)
        br_hmac_update(&hmac, message->parts[i].p, message->parts[i].n);
    br_hmac_out(&hmac, ret);
    dice_wipe(&made, sizeof made);
    dice_wipe(&hmac, sizeof hmac);
}

static bool dice_bearssl_point_on(const br_ec_impl *curve, const uint8_t secret[DICE_SECRET_N],
                                  uint8_t ret[TROTH_POINT_N])
{
    uint8_t copy[DICE_SECRET_N], point[BR_EC_KBUF_PUB_MAX_SIZE];
    const br_ec_private_key key = {BR_EC_secp256r1, copy, sizeof copy};
    memcpy(copy, secret, sizeof copy);
    size_t n = br_ec_compute_pub(curve, NULL, point, &key);
    dice_wipe(copy, sizeof copy);
    if (n != TROTH_POINT_N)
        return false;
    memcpy(ret, point, TROTH_POINT_N);
    return true;
}

static bool dice_bearssl_point(const uint8_t secret[DICE_SECRET_N], uint8_t ret[TROTH_POINT_N])
{
    return dice_bearssl_point_on(&br_ec_p256_m31, secret, ret);
}

static bool dice_bearssl_sign(const uint8_t secret[DICE_SECRET_N], const uint8_t hash[TROTH_HASH_N],
                              uint8_t ret[TROTH_SIGNATURE_N])
{
    uint8_t copy[DICE_SECRET_N];
    const br_ec_private_key key = {BR_EC_secp256r1, copy, sizeof copy};
    memcpy(copy, secret, sizeof copy);
    size_t n = br_ecdsa_i31_sign_raw(&br_ec_p256_m31, &br_sha256_vtable, hash, &key, ret);
    dice_wipe(copy, sizeof copy);
    return n == TROTH_SIGNATURE_N;
}

static void dice_bearssl_seal(const uint8_t key[DICE_SECRET_N], struct troth_octets beside,
                              uint8_t *text, size_t n, bool seals, uint8_t tag[DICE_TAG_N])
{
    static const uint8_t nonce[12];
    br_poly1305_ctmul32_run(key, nonce, text, n, beside.p, beside.n, tag, br_chacha20_ct_run,
                            seals);
}

static const struct dice_crypto dice_bearssl = {dice_bearssl_hmac, dice_bearssl_point,
                                                dice_bearssl_sign, dice_bearssl_seal};
