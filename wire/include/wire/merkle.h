// The Merkle tree of RFC 6962 section 2.1, with an injected SHA-256.
//
// Verification as in RFC 9162 2.1.3.2 and 2.1.4.2. Sizes may be anything below 2^63; no proof has
// more than MERKLE_PROOF_MAX hashes.
#pragma once

#include <wire/bytes.h>

#define MERKLE_HASH_N 32
#define MERKLE_PROOF_MAX 64

// SHA-256 over the concatenation of the parts. `out` may overlap a part: write it last.
struct merkle_hash {
    void (*sha256)(void *ctx, const struct bytes *parts, size_t n, uint8_t out[MERKLE_HASH_N]);
    void *ctx;
};

void merkle_leaf(const struct merkle_hash *h, struct bytes entry, uint8_t out[MERKLE_HASH_N]);
void merkle_node(const struct merkle_hash *h, const uint8_t left[MERKLE_HASH_N],
                 const uint8_t right[MERKLE_HASH_N], uint8_t out[MERKLE_HASH_N]);

// The root of `n` hashes one behind the other, a power of two of them, which it overwrites. `out`
// may be among them.
void merkle_fold(const struct merkle_hash *h, uint8_t *hashes, size_t n,
                 uint8_t out[MERKLE_HASH_N]);

// The right edge of a tree: node[i] is the root of a complete subtree of 2^i leaves wherever bit i
// of the size is set. Zeroed memory is the empty tree; to resume one, fill size and those nodes.
struct merkle_frontier {
    uint64_t size;
    uint8_t node[MERKLE_PROOF_MAX][MERKLE_HASH_N];
};
void merkle_append(struct merkle_frontier *f, const struct merkle_hash *h,
                   const uint8_t leaf_hash[MERKLE_HASH_N]);
void merkle_root(const struct merkle_frontier *f, const struct merkle_hash *h,
                 uint8_t out[MERKLE_HASH_N]); // of the empty tree: SHA-256 of nothing

// A proof; `n` hashes are in use.
struct merkle_proof {
    size_t n;
    uint8_t hash[MERKLE_PROOF_MAX][MERKLE_HASH_N];
};

// The same where it lies: `n` hashes of MERKLE_HASH_N octets, one behind the other.
struct merkle_path {
    const uint8_t *hashes;
    size_t n;
};
static inline struct merkle_path merkle_path_of(const struct merkle_proof *proof)
{
    return (struct merkle_path){proof->hash[0], proof->n};
}

// True only when the proof shows `leaf_hash` at `index` of the tree of `size` leaves with that
// root.
struct merkle_inclusion {
    uint64_t index;
    uint64_t size;
    const uint8_t *leaf_hash;
    const uint8_t *root;
};
bool merkle_path_includes(const struct merkle_hash *h, const struct merkle_inclusion *claim,
                          const struct merkle_path *path) WIRE_MUST_USE;
bool merkle_verify_inclusion(const struct merkle_hash *h, const struct merkle_inclusion *claim,
                             const struct merkle_proof *proof) WIRE_MUST_USE;

// True only when the tree of old_size is a prefix of the tree of new_size. An old size of 0 proves
// nothing and is refused.
struct merkle_consistency {
    uint64_t old_size;
    uint64_t new_size;
    const uint8_t *old_root;
    const uint8_t *new_root;
};
bool merkle_path_continues(const struct merkle_hash *h, const struct merkle_consistency *claim,
                           const struct merkle_path *path) WIRE_MUST_USE;
bool merkle_verify_consistency(const struct merkle_hash *h, const struct merkle_consistency *claim,
                               const struct merkle_proof *proof) WIRE_MUST_USE;

// Stored nodes: the hash of the complete subtree of 2^level leaves that begins at leaf
// index * 2^level; false when it cannot be had.
struct merkle_nodes {
    bool (*get)(void *ctx, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH_N]);
    void *ctx;
};

// False when a node is missing or the numbers make no sense (index < size; 0 < old_size <=
// new_size).
bool merkle_prove_inclusion(const struct merkle_hash *h, const struct merkle_nodes *nodes,
                            uint64_t index, uint64_t size, struct merkle_proof *ret) WIRE_MUST_USE;
bool merkle_prove_consistency(const struct merkle_hash *h, const struct merkle_nodes *nodes,
                              uint64_t old_size, uint64_t new_size,
                              struct merkle_proof *ret) WIRE_MUST_USE;
// Root of the first `size` leaves, from stored nodes.
bool merkle_root_at(const struct merkle_hash *h, const struct merkle_nodes *nodes, uint64_t size,
                    uint8_t out[MERKLE_HASH_N]) WIRE_MUST_USE;
