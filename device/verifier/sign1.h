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

// Over that payload, by that key: what troth_verify_by() says.
enum troth_verdict sign1_verify(const struct sign1 *message, struct troth_octets payload,
                                const struct troth_crypto *crypto, struct troth_octets key);
