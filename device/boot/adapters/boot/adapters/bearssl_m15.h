// BearSSL behind measured boot as in <boot/adapters/bearssl.h>, for a core where a multiplication
// to 64 bits takes as long as its operands ask for (Cortex-M3): br_ec_p256_m15 multiplies to 32
// bits alone.
#pragma once

#include <boot/adapters/bearssl.h>

static bool dice_bearssl_m15_point(const uint8_t secret[DICE_SECRET_N], uint8_t ret[TROTH_POINT_N])
{
    return dice_bearssl_point_on(&br_ec_p256_m15, secret, ret);
}

static bool dice_bearssl_m15_sign(const uint8_t secret[DICE_SECRET_N],
                                  const uint8_t hash[TROTH_HASH_N], uint8_t ret[TROTH_SIGNATURE_N])
{
    uint8_t copy[DICE_SECRET_N];
    const br_ec_private_key key = {BR_EC_secp256r1, copy, sizeof copy};
    memcpy(copy, secret, sizeof copy);
    size_t n = br_ecdsa_i15_sign_raw(&br_ec_p256_m15, &br_sha256_vtable, hash, &key, ret);
    dice_wipe(copy, sizeof copy);
    return n == TROTH_SIGNATURE_N;
}

static const struct dice_crypto dice_bearssl_m15 = {dice_bearssl_hmac, dice_bearssl_m15_point,
                                                    dice_bearssl_m15_sign, dice_bearssl_seal};
