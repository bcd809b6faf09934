// COSE_Sign1 with a detached payload (RFC 9052 4.2 and 4.4), of any algorithm.
#pragma once

#include <troth/crypto.h>
#include <wire/cbor.h>

struct sign1 {
    struct bytes protected; // the byte string as it was sent, its head included
    int32_t algorithm;
    struct bytes type; // empty: none
    struct bytes signature;
};

// Protected header {1: algorithm, ?16: type}, unprotected {?4: key id}, payload nil. Anything else
// is refused: TROTH_MALFORMED.
enum troth_verdict sign1_read(struct troth_octets octets, struct sign1 *ret);

// What its signature is over with that payload (Sig_structure, RFC 9052 4.4): points into the two
// and into itself.
struct sign1_over {
    uint8_t head[12];
    struct troth_octets parts[4];
    struct troth_message message;
};
void sign1_over(const struct sign1 *message, struct troth_octets payload, struct sign1_over *ret);
