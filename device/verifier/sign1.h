// COSE_Sign1 with a detached payload (RFC 9052 4.2 and 4.4), of any algorithm.
#pragma once

#include "fields.h"

struct sign1 {
    struct field_item protected;
    int32_t algorithm;
    struct bytes type; // empty: none
    struct bytes signature;
};

// Protected header {1: algorithm, ?16: type}, unprotected {?4: key id}, payload nil. Anything else
// is refused.
bool sign1_read(struct troth_octets octets, struct sign1 *ret);

// What its signature is over with that payload, which has the head of a byte string in front
// (Sig_structure, RFC 9052 4.4): points into the two.
#define SIGN1_PARTS 4
void sign1_over(const struct sign1 *message, struct troth_octets payload,
                struct troth_octets ret[SIGN1_PARTS]);
