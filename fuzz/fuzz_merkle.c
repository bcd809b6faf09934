// Proofs that were made verify; damaged or invented ones do not. Input: old size, new size, index,
// bit to damage (one octet each), then hashes of an invented proof.
#define TREE_LEVELS 9u
#include "log_tree.h"

#include <wire/reader.h>

static struct merkle_proof damaged(const struct merkle_proof *proof, uint8_t bit)
{
    struct merkle_proof bad = *proof;
    size_t at = (size_t)bit * 31 % (proof->n * MERKLE_HASH_N);
    bad.hash[at / MERKLE_HASH_N][at % MERKLE_HASH_N] ^= (uint8_t)(1 << bit % 8);
    return bad;
}

static struct merkle_proof invented(struct reader *r)
{
    struct merkle_proof proof = {0};
    for (; r->left >= MERKLE_HASH_N && proof.n < MERKLE_PROOF_MAX; proof.n++)
        memcpy(proof.hash[proof.n], reader_bytes(r, MERKLE_HASH_N).p, MERKLE_HASH_N);
    return proof;
}

static bool is_same(const struct merkle_proof *a, const struct merkle_proof *b)
{
    return a->n == b->n && memcmp(a->hash, b->hash, a->n * MERKLE_HASH_N) == 0;
}

static void check_inclusion(uint64_t index, uint64_t size, uint8_t bit,
                            const struct merkle_proof *other)
{
    uint8_t root[MERKLE_HASH_N];
    struct merkle_proof proof, bad;
    bool made = merkle_prove_inclusion(&tree_hash, &tree_nodes, index, size, &proof);
    must(made == (index < size));
    if (!made)
        return;
    must(merkle_root_at(&tree_hash, &tree_nodes, size, root));
    struct merkle_inclusion claim = {index, size, tree[0][index], root};
    must(merkle_verify_inclusion(&tree_hash, &claim, &proof));
    must(merkle_verify_inclusion(&tree_hash, &claim, other) == is_same(other, &proof));
    if (proof.n == 0)
        return;
    bad = damaged(&proof, bit);
    must(!merkle_verify_inclusion(&tree_hash, &claim, &bad));
}

static void check_consistency(uint64_t old_size, uint64_t new_size, uint8_t bit,
                              const struct merkle_proof *other)
{
    uint8_t old_root[MERKLE_HASH_N], new_root[MERKLE_HASH_N];
    struct merkle_proof proof, bad;
    bool made = merkle_prove_consistency(&tree_hash, &tree_nodes, old_size, new_size, &proof);
    must(made == (old_size > 0 && old_size <= new_size));
    if (!made)
        return;
    must(merkle_root_at(&tree_hash, &tree_nodes, old_size, old_root));
    must(merkle_root_at(&tree_hash, &tree_nodes, new_size, new_root));
    struct merkle_consistency claim = {old_size, new_size, old_root, new_root};
    must(merkle_verify_consistency(&tree_hash, &claim, &proof));
    must(merkle_verify_consistency(&tree_hash, &claim, other) == is_same(other, &proof));
    if (proof.n == 0)
        return;
    bad = damaged(&proof, bit);
    must(!merkle_verify_consistency(&tree_hash, &claim, &bad));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_grown;
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t old_size = reader_u8(&r), new_size = reader_u8(&r), index = reader_u8(&r);
    uint8_t bit = reader_u8(&r);
    if (!reader_ok(&r))
        return 0;
    if (!is_grown)
        tree_grow();
    is_grown = true;
    struct merkle_proof other = invented(&r);
    check_inclusion(index, new_size, bit, &other);
    check_consistency(old_size, new_size, bit, &other);
    return 0;
}
