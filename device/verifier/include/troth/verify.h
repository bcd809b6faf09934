// libtroth-verify: what was signed for a device, checked on the device.
//
// Freestanding C11: no allocation, no input or output, no writable statics, no recursion. The
// caller gives all memory and keeps it. Everything here is public: times and branches may hang on
// it, so never hand a secret to these functions.
//
// What it checks: ES256 signatures (FIPS 186-5, P-256 and SHA-256), checkpoints of a Troth ledger
// (C2SP tlog-checkpoint) by its ES256 key, that an entry is in the log of a checkpoint, and that a
// later checkpoint goes on from an earlier one (RFC 9162 2.1.3 and 2.1.4).
// What it does NOT check: who the log's key belongs to, time, what an entry means, the Ed25519
// signature of a checkpoint, any other witness.
#pragma once

#include <troth/crypto.h>

#define TROTH_PROOF_MAX 64  // hashes of a proof
#define TROTH_NOTE_MAX 2048 // octets of a checkpoint

// A log by its name (the first line of its checkpoints, no line feed) and its ES256 key.
struct troth_log {
    const char *name;
    size_t name_n;
    const uint8_t *point;                    // TROTH_POINT_N
    const struct troth_algorithm *algorithm; // ES256: troth_es256, or an adapter's
};

struct troth_checkpoint {
    uint64_t size; // entries
    uint8_t root[TROTH_HASH_N];
};

// The checkpoint file as it is served, with a signature by the log's ES256 key among others. Where
// it is refused, *ret_fault has the end of the line that was read last.
enum troth_verdict troth_checkpoint_verify(const struct troth_log *log, const void *note, size_t n,
                                           struct troth_checkpoint *ret,
                                           struct troth_fault *ret_fault);

// Hashes of a proof, TROTH_HASH_N octets each, as `trothd audit proof` gives them.
struct troth_proof {
    const uint8_t *hashes;
    size_t n;
};

// Is `entry` (its octets) the one at `index` of that log?
enum troth_verdict troth_entry_verify(const struct troth_checkpoint *checkpoint, uint64_t index,
                                      const void *entry, size_t n, const struct troth_proof *proof);

// Does `later` go on from `known`? Equal ones need no hashes; a `known` of no entries proves
// nothing and is refused as TROTH_FORKED.
enum troth_verdict troth_checkpoint_follows(const struct troth_checkpoint *known,
                                            const struct troth_checkpoint *later,
                                            const struct troth_proof *proof);
