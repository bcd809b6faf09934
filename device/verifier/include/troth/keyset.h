// Whose signatures count: a versioned set of public keys with a floor.
//
// A key set is [bstr(set), bstr(COSE_Sign1), ...]: what is signed, and detached signatures over it
// (RFC 9052 4.2, no external data, protected header {1: algorithm, 16: TROTH_KEYSET_TYPE}).
//     set  = {1: 1, 2: sequence, 3: floor, 4: {use: how many keys must sign}, 5: [key, ...]}
//     key  = {1: number, 2: COSE algorithm, 3: uses, 4: octets}
// in deterministic CBOR (RFC 8949 4.2.1). Numbers rise through the array; a use is one bit of
// `uses`.
//
// The first set comes with the device. A later one counts when enough keys of the one before it
// signed it, its sequence is higher and its floor not lower. A key whose number is below the floor
// never verifies again, whatever it signed and however long ago: that is how a signing key is
// revoked. NOT checked: who holds the keys; time; that the set which the caller remembers is the
// newest.
#pragma once

#include <troth/crypto.h>

#define TROTH_KEYSET_TYPE "application/troth-keyset+cbor"
#define TROTH_KEYS_MAX 8
#define TROTH_SIGNERS_MAX 8 // signatures beside one object

// What a key may sign: bits of `uses`.
enum troth_use {
    TROTH_USE_KEYSET = 1,  // the next set
    TROTH_USE_RELEASE = 2, // firmware
    TROTH_USE_STATUS = 4,  // status lists
    TROTH_USE_LOG = 8,     // checkpoints of a ledger
};
#define TROTH_USES_N 4

struct troth_key {
    uint32_t number;
    int32_t algorithm; // enum troth_algorithm_number
    uint32_t uses;
    struct troth_octets octets; // in what was read
};

// Points into the octets that it was read from.
struct troth_keyset {
    uint32_t sequence, floor;
    uint8_t wanted[TROTH_USES_N]; // signers, by use; 0: nobody may
    size_t n;
    struct troth_key keys[TROTH_KEYS_MAX];
};

// A set that the device trusts already, by where it lies: signatures are not looked at. A `floor`
// that the device remembers and that is above the set's counts instead of it.
enum troth_verdict troth_keyset_read(struct troth_octets object, uint32_t floor,
                                     struct troth_keyset *ret, struct troth_fault *ret_fault);

// A set that follows `known`. *ret and *ret_fault may not be `known`.
enum troth_verdict troth_keyset_follow(const struct troth_crypto *crypto,
                                       const struct troth_keyset *known, struct troth_octets object,
                                       struct troth_keyset *ret, struct troth_fault *ret_fault);

// ---- signatures of a set's keys over anything

struct troth_signed {
    enum troth_use use;
    const char *type;                      // of the protected header; NULL: must not be there
    struct troth_octets payload;           // detached: a byte string with its head
    const struct troth_octets *signatures; // COSE_Sign1, each
    size_t n;
};

// Did as many distinct keys sign as the set wants for that use? *ret_signers has their places in
// `keys` as bits. Otherwise the reason: of the last signature that did not count, where there is
// one.
enum troth_verdict troth_signers_check(const struct troth_crypto *crypto,
                                       const struct troth_keyset *keys,
                                       const struct troth_signed *what, uint32_t *ret_signers);
