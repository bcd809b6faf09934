#include "tree.h"

#include <inttypes.h>
#include <string.h>

/* Where wire/merkle gets its nodes: proofs ask for several nodes of one tile in a row. */
struct source {
    struct ledger *ledger;
    struct err *err;
    enum result result;
    bool has_tile;
    int level;
    uint64_t index;
    size_t width;
    uint8_t tile[TILE_BYTES];
};

static bool load_tile(struct source *source, int level, uint64_t index, size_t width)
{
    if (source->has_tile && source->level == level && source->index == index &&
        source->width >= width)
        return true;
    source->has_tile = false;
    source->result = tree_tile(source->ledger, level, index, width, source->tile, source->err);
    if (source->result != OK)
        return false;
    source->has_tile = true;
    source->level = level;
    source->index = index;
    source->width = width;
    return true;
}

/* Node `index` of 2^bits leaves is the root of 2^(bits % 8) hashes of level bits / 8. */
static bool get_node(void *ctx, unsigned bits, uint64_t index, uint8_t out[MERKLE_HASH_N])
{
    struct source *source = ctx;
    int level = (int)bits / 8;
    size_t n = (size_t)1 << bits % 8;
    uint64_t first = index << bits % 8;
    size_t at = first % TILE_HASHES;
    if (level >= TILE_LEVELS || !load_tile(source, level, first / TILE_HASHES, at + n))
        return false;
    tree_fold(source->ledger->hash, source->tile + at * MERKLE_HASH_N, n, out);
    return true;
}

static enum result finish(const struct source *source, bool is_made,
                          const struct merkle_proof *proof, struct buf *out, struct err *err)
{
    if (source->result != OK)
        return source->result;
    if (!is_made)
        return err_set(err, E_NOT_FOUND, "the log has %" PRIu64 " entries: no such proof",
                       ledger_size(source->ledger));
    if (proof->n * MERKLE_HASH_N > out->max - out->n)
        return err_set(err, E_BUG, "no room for a proof of %zu hashes", proof->n);
    for (size_t i = 0; i < proof->n; i++)
        buf_put_bytes(out, bytes_of(proof->hash[i], MERKLE_HASH_N));
    return OK;
}

enum result ledger_prove_consistency(struct ledger *ledger, uint64_t old_size, uint64_t size,
                                     struct buf *out, struct err *err)
{
    struct source source = {.ledger = ledger, .err = err};
    struct merkle_nodes nodes = {get_node, &source};
    struct merkle_proof proof = {0};
    bool is_made = size <= ledger_size(ledger) &&
                   merkle_prove_consistency(ledger->hash, &nodes, old_size, size, &proof);
    return finish(&source, is_made, &proof, out, err);
}

enum result ledger_prove_inclusion(struct ledger *ledger, uint64_t index, uint64_t size,
                                   struct buf *out, struct err *err)
{
    struct source source = {.ledger = ledger, .err = err};
    struct merkle_nodes nodes = {get_node, &source};
    struct merkle_proof proof = {0};
    bool is_made = size <= ledger_size(ledger) &&
                   merkle_prove_inclusion(ledger->hash, &nodes, index, size, &proof);
    return finish(&source, is_made, &proof, out, err);
}

enum result ledger_root_at(struct ledger *ledger, uint64_t size, uint8_t ret_root[32],
                           struct err *err)
{
    struct source source = {.ledger = ledger, .err = err};
    struct merkle_nodes nodes = {get_node, &source};
    uint8_t root[MERKLE_HASH_N];
    bool is_made = size <= ledger_size(ledger) && merkle_root_at(ledger->hash, &nodes, size, root);
    if (is_made)
        memcpy(ret_root, root, sizeof root);
    return finish(&source, is_made, &(struct merkle_proof){0}, &(struct buf){0}, err);
}
