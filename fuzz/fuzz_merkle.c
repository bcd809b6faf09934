// Proofs that were made verify; damaged or invented ones do not. Input: old size, new size, index,
// bit to damage (one octet each), then hashes of an invented proof.
#include "fuzz.h"

#include <openssl/evp.h>
#include <wire/merkle.h>
#include <wire/reader.h>

#define LEAVES 256U
#define LEVELS 9U

static uint8_t tree[LEVELS][LEAVES][MERKLE_HASH_N];

static void sha256(void *ctx, const struct bytes *parts, size_t n, uint8_t out[MERKLE_HASH_N])
{
    static EVP_MD_CTX *md;
    (void)ctx;
    if (!md)
        md = EVP_MD_CTX_new();
    must(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(md, parts[i].p, parts[i].n) == 1);
    must(EVP_DigestFinal_ex(md, out, NULL) == 1);
}

static const struct merkle_hash hash = {sha256, NULL};

static bool get_node(void *ctx, unsigned level, uint64_t index, uint8_t *out)
{
    (void)ctx;
    must(level < LEVELS && index < LEAVES >> level);
    memcpy(out, tree[level][index], MERKLE_HASH_N);
    return true;
}

static const struct merkle_nodes nodes = {get_node, NULL};

static void grow_tree(void)
{
    for (uint16_t i = 0; i < LEAVES; i++)
        merkle_leaf(&hash, bytes_of(&i, sizeof(i)), tree[0][i]);
    for (unsigned level = 1; level < LEVELS; level++)
        for (unsigned i = 0; i < LEAVES >> level; i++)
            merkle_node(&hash, tree[level - 1][2 * i], tree[level - 1][2 * i + 1], tree[level][i]);
}

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
    bool made = merkle_prove_inclusion(&hash, &nodes, index, size, &proof);
    must(made == (index < size));
    if (!made)
        return;
    must(merkle_root_at(&hash, &nodes, size, root));
    struct merkle_inclusion claim = {index, size, tree[0][index], root};
    must(merkle_verify_inclusion(&hash, &claim, &proof));
    must(merkle_verify_inclusion(&hash, &claim, other) == is_same(other, &proof));
    if (proof.n == 0)
        return;
    bad = damaged(&proof, bit);
    must(!merkle_verify_inclusion(&hash, &claim, &bad));
}

static void check_consistency(uint64_t old_size, uint64_t new_size, uint8_t bit,
                              const struct merkle_proof *other)
{
    uint8_t old_root[MERKLE_HASH_N], new_root[MERKLE_HASH_N];
    struct merkle_proof proof, bad;
    bool made = merkle_prove_consistency(&hash, &nodes, old_size, new_size, &proof);
    must(made == (old_size > 0 && old_size <= new_size));
    if (!made)
        return;
    must(merkle_root_at(&hash, &nodes, old_size, old_root));
    must(merkle_root_at(&hash, &nodes, new_size, new_root));
    struct merkle_consistency claim = {old_size, new_size, old_root, new_root};
    must(merkle_verify_consistency(&hash, &claim, &proof));
    must(merkle_verify_consistency(&hash, &claim, other) == is_same(other, &proof));
    if (proof.n == 0)
        return;
    bad = damaged(&proof, bit);
    must(!merkle_verify_consistency(&hash, &claim, &bad));
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
        grow_tree();
    is_grown = true;
    struct merkle_proof other = invented(&r);
    check_inclusion(index, new_size, bit, &other);
    check_consistency(old_size, new_size, bit, &other);
    return 0;
}
