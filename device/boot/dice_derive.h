// HKDF with SHA-256 (RFC 5869), and keys of P-256 that it leads to: shared by the files of dice.
#pragma once

#include <boot/dice.h>

// One block: extract from `secret` with `salt`, expand with `info`. `ret` may be `secret`.
void dice_derive(const struct dice_crypto *crypto, const uint8_t secret[DICE_SECRET_N],
                 struct troth_octets salt, struct bytes info, uint8_t ret[DICE_SECRET_N]);

// A private key, 1 to the order less 1: candidates are tried in turn (FIPS 186-5 A.2.2).
void dice_derive_key(const struct dice_crypto *crypto, const uint8_t secret[DICE_SECRET_N],
                     uint8_t ret[DICE_SECRET_N]);

// Of a floor's sealing secret that of the next lower one.
void dice_floor_below(uint8_t sealing[DICE_SECRET_N]);

// Appends a COSE_Sign1 by that key. False: the dice_crypto could not.
struct dice_signer {
    const uint8_t *secret, *point;
    struct bytes type;
};
bool dice_sign(const struct dice_crypto *crypto, const struct dice_signer *signer,
               struct bytes payload, struct buf *b);
