// A log of 2^(TREE_LEVELS - 1) entries, which are their own numbers, by OpenSSL's SHA-256.
// TREE_LEVELS is the target's.
#pragma once

#include "fuzz.h"

#include <openssl/evp.h>
#include <wire/merkle.h>

#define TREE_LEAVES (1u << (TREE_LEVELS - 1))

static uint8_t tree[TREE_LEVELS][TREE_LEAVES][MERKLE_HASH_N];

static void tree_hash_parts(void *ctx, const struct bytes *parts, size_t n,
                            uint8_t out[MERKLE_HASH_N])
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

static const struct merkle_hash tree_hash = {tree_hash_parts, NULL};

static bool tree_node(void *ctx, unsigned level, uint64_t index, uint8_t *out)
{
    (void)ctx;
    must(level < TREE_LEVELS && index < TREE_LEAVES >> level);
    memcpy(out, tree[level][index], MERKLE_HASH_N);
    return true;
}

static const struct merkle_nodes tree_nodes = {tree_node, NULL};

static void tree_grow(void)
{
    for (unsigned i = 0; i < TREE_LEAVES; i++) {
        const uint8_t entry = (uint8_t)i;
        merkle_leaf(&tree_hash, bytes_of(&entry, 1), tree[0][i]);
    }
    for (unsigned level = 1; level < TREE_LEVELS; level++)
        for (unsigned i = 0; i < TREE_LEAVES >> level; i++)
            merkle_node(&tree_hash, tree[level - 1][2 * i], tree[level - 1][2 * i + 1],
                        tree[level][i]);
}
