// libtroth-verify: what was signed for a device, checked on the device.
//
// Freestanding C11: no allocation, no input or output, no writable statics, no recursion. The
// caller gives all memory and keeps it. Everything here is public: times and branches may hang on
// it, so never hand a secret to these functions.
//
// A verdict is TROTH_VALID or names the rule that failed. Numbers are stable; what is not
// TROTH_VALID, zero and unknown numbers included, refuses.
//
// What it checks: ES256 signatures (FIPS 186-5, P-256 and SHA-256), checkpoints of a Troth ledger
// (C2SP tlog-checkpoint) by its ES256 key, that an entry is in the log of a checkpoint, and that a
// later checkpoint goes on from an earlier one (RFC 9162 2.1.3 and 2.1.4).
// What it does NOT check: who the log's key belongs to, time, what an entry means, the Ed25519
// signature of a checkpoint, any other witness.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum troth_verdict {
    TROTH_UNJUDGED = 0,
    TROTH_VALID = 0x3ca5,
    TROTH_MALFORMED = 1,     // it breaks the rules of its format
    TROTH_OTHER_LOG = 2,     // the checkpoint is of a log of another name
    TROTH_UNSIGNED = 3,      // no signature by this key
    TROTH_BAD_SIGNATURE = 4, // there is one, and it is not over these octets
    TROTH_BAD_KEY = 5,       // no point of P-256
    TROTH_NOT_IN_LOG = 6,    // the proof does not lead to the checkpoint's root
    TROTH_OLDER = 7,         // the checkpoint is of a shorter log than the one that is known
    TROTH_FORKED = 8,        // it does not go on from the one that is known
};

#define TROTH_HASH_N 32
#define TROTH_POINT_N 65     // 04 || x || y: SEC 1 2.3.3
#define TROTH_SIGNATURE_N 64 // r || s
#define TROTH_PROOF_MAX 64   // hashes of a proof
#define TROTH_NOTE_MAX 2048  // octets of a checkpoint

struct troth_sha256 {
    uint32_t state[8];
    uint64_t n;
    uint8_t block[64];
};
void troth_sha256_begin(struct troth_sha256 *hash);
void troth_sha256_add(struct troth_sha256 *hash, const void *octets, size_t n);
void troth_sha256_end(struct troth_sha256 *hash, uint8_t ret[TROTH_HASH_N]);

// ECDSA over P-256 for a hash of 32 octets. Refuses points off the curve, r and s of 0 or not below
// the order; both s and n - s verify (ECDSA is malleable: never tell signed things apart by their
// signatures).
enum troth_verdict troth_es256_verify(const uint8_t point[TROTH_POINT_N],
                                      const uint8_t hash[TROTH_HASH_N],
                                      const uint8_t signature[TROTH_SIGNATURE_N]);

// A log by its name (the first line of its checkpoints, no line feed) and its ES256 key.
struct troth_log {
    const char *name;
    size_t name_n;
    const uint8_t *point; // TROTH_POINT_N
};

struct troth_checkpoint {
    uint64_t size; // entries
    uint8_t root[TROTH_HASH_N];
};

// The checkpoint file as it is served, with a signature by the log's ES256 key among others.
enum troth_verdict troth_checkpoint_verify(const struct troth_log *log, const void *note, size_t n,
                                           struct troth_checkpoint *ret);

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
