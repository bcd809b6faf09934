// Proofs about a log as a device checks them (troth/verify.h). Input: kind, two numbers of 8
// octets, which octet of the proof is changed and how, then hashes.
//   0 an entry, 1 a later checkpoint: of a tree of 64, the proof made, changed and judged
//   2 an entry, 3 a later checkpoint: of any size, by the hashes of the input
#define TREE_LEVELS 7u
#include "log_tree.h"

#include <troth/verify.h>
#include <wire/reader.h>

static uint8_t roots[TREE_LEAVES + 1][MERKLE_HASH_N];

static void grow(void)
{
    tree_grow();
    for (unsigned size = 1; size <= TREE_LEAVES; size++)
        must(merkle_root_at(&tree_hash, &tree_nodes, size, roots[size]));
}

struct question {
    unsigned kind;
    uint64_t a, b;
    unsigned at, turn;
};

static struct troth_checkpoint checkpoint(uint64_t size)
{
    struct troth_checkpoint ret = {.size = size};
    memcpy(ret.root, roots[size % (TREE_LEAVES + 1)], sizeof ret.root);
    return ret;
}

static enum troth_verdict judge(const struct question *q, const struct troth_proof *proof)
{
    const struct troth_checkpoint one = checkpoint(q->a), other = checkpoint(q->b);
    const uint8_t entry = (uint8_t)q->b;
    return (q->kind & 1) == 0 ? troth_entry_verify(&one, q->b, &entry, 1, proof)
                              : troth_checkpoint_follows(&one, &other, proof);
}

static void judge_made(const struct question *q)
{
    struct merkle_proof made;
    bool is_made = q->kind == 0
                       ? merkle_prove_inclusion(&tree_hash, &tree_nodes, q->b, q->a, &made)
                       : merkle_prove_consistency(&tree_hash, &tree_nodes, q->a, q->b, &made);
    if (!is_made) {
        must(q->kind == 0 ? q->b >= q->a : q->a == 0 || q->a > q->b);
        return;
    }
    const struct troth_proof proof = {made.hash[0], made.n};
    if (made.n > 0)
        made.hash[0][q->at % (made.n * MERKLE_HASH_N)] ^= (uint8_t)q->turn;
    bool is_good = made.n == 0 || (uint8_t)q->turn == 0;
    must((judge(q, &proof) == TROTH_VALID) == is_good);
    const struct troth_proof shorter = {made.hash[0], made.n - 1};
    must(made.n == 0 || judge(q, &shorter) != TROTH_VALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_grown;
    struct reader r = reader_of(bytes_of(data, size));
    struct question q = {.kind = reader_u8(&r) % 4};
    q.a = reader_u64be(&r);
    q.b = reader_u64be(&r);
    q.at = reader_u16be(&r);
    q.turn = reader_u8(&r);
    if (!reader_ok(&r))
        return 0;
    if (!is_grown)
        grow();
    is_grown = true;
    if (q.kind < 2) {
        q.a %= TREE_LEAVES + 1;
        q.b %= TREE_LEAVES + 1;
        judge_made(&q);
        return 0;
    }
    // Nobody finds hashes that lead to a root; what needs none says the same thing twice.
    const struct troth_proof proof = {r.p, r.left / MERKLE_HASH_N};
    if (judge(&q, &proof) == TROTH_VALID)
        must(q.kind == 2 ? q.a == 1 && q.b == 0 : q.a == q.b && proof.n == 0);
    return 0;
}
