// Is a certificate still good? By a status list of a Troth server: a Status List Token in CWT
// (draft-ietf-oauth-status-list 5.2), signed with ES256 by a key of use TROTH_USE_STATUS.
//
// What makes the list small is zlib (RFC 1950), which this library does not have: the caller
// inflates. NOT checked: that the list is the newest (the caller remembers the generation), and
// whose certificate has that place.
#pragma once

#include <troth/keyset.h>
#include <troth/time.h>

// A certificate's place, from its serial number: its issuer's number, its class of expiry, and its
// own number in these, of 32 bits.
struct troth_status_place {
    uint32_t issuer;
    uint8_t expiry_class;
    uint32_t number;
};

// Inflates `compressed`, which has to give exactly `n` octets, and says the one at `offset`. False
// where it gives fewer or more, or cannot. A window is enough, and the whole need not be kept.
typedef bool (*troth_inflate)(void *context, struct troth_octets compressed, size_t n,
                              size_t offset, uint8_t *ret);

struct troth_status_terms {
    const struct troth_crypto *crypto;
    const struct troth_keyset *keys;
    troth_inflate inflate; // NULL: TROTH_UNSUPPORTED
    void *context;
    uint64_t generation;     // of the list that is known; lower ones are refused
    struct troth_time *time; // its floor rises by a list that is signed
};

struct troth_status {
    uint64_t generation;
    int64_t issued_s, expires_s;
    uint32_t signers; // bits of the key set's places
};

// TROTH_VALID; TROTH_REVOKED (replaced ones too) and TROTH_SUSPENDED; TROTH_NOT_NOW and
// TROTH_TIME_UNKNOWN for a list that says that it is good, and is or may be too old to say so;
// TROTH_MISSING where the list is of other places, or nobody was given that number. *ret is written
// where the list is signed and well formed, whatever it says of the place. Where it is refused,
// *ret_fault has 0 for the message and where its payload begins for what that says.
enum troth_verdict troth_status_verify(const struct troth_status_terms *terms,
                                       struct troth_octets list,
                                       const struct troth_status_place *place,
                                       struct troth_status *ret, struct troth_fault *ret_fault);
