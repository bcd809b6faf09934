#include "tree.h"

#include <inttypes.h>
#include <string.h>

void tree_fold(const struct merkle_hash *hash, const uint8_t *hashes, size_t n,
               uint8_t ret[MERKLE_HASH_N])
{
    uint8_t row[TILE_BYTES];
    memcpy(row, hashes, n * MERKLE_HASH_N);
    merkle_fold(hash, row, n, ret);
}

void tree_copy(struct tree *to, const struct tree *from)
{
    to->last_at_s = from->last_at_s;
    to->frontier = from->frontier;
    for (int level = 0; level < TILE_LEVELS; level++)
        memcpy(to->last[level], from->last[level],
               tree_last_width(from->frontier.size, level) * MERKLE_HASH_N);
}

/* Stores the tile that has just become full and leaves its root in `hash`. */
static enum result close_tile(struct ledger *ledger, struct tree *tree, int level,
                              uint8_t hash[MERKLE_HASH_N], struct err *err)
{
    uint64_t index = tree_level_size(tree->frontier.size, level) / TILE_HASHES;
    const uint8_t *tile = tree->last[level];
    TRY(store_put_tile(ledger->store, level, index, bytes_of(tile, TILE_BYTES), err));
    tree_fold(ledger->hash, tile, TILE_HASHES, hash);
    return OK;
}

enum result tree_append(struct ledger *ledger, struct tree *tree, const uint8_t leaf[MERKLE_HASH_N],
                        struct err *err)
{
    uint8_t hash[MERKLE_HASH_N];
    memcpy(hash, leaf, sizeof hash);
    for (int level = 0; level < TILE_LEVELS; level++) {
        size_t at = tree_last_width(tree->frontier.size, level);
        memcpy(tree->last[level] + at * MERKLE_HASH_N, hash, MERKLE_HASH_N);
        if (at + 1 < TILE_HASHES)
            break;
        TRY(close_tile(ledger, tree, level, hash, err));
    }
    merkle_append(&tree->frontier, ledger->hash, leaf);
    return OK;
}

struct load {
    struct ledger *ledger;
    struct tree *tree;
    uint64_t next; /* entry */
};

static enum result load_leaf(void *ctx, const struct entry *entry, struct err *err)
{
    struct load *load = ctx;
    if (entry->seq != load->next)
        return err_set(err, E_LEDGER, "entry %" PRIu64 " is missing", load->next);
    uint8_t *to = load->tree->last[0] + load->next % TILE_HASHES * MERKLE_HASH_N;
    merkle_leaf(load->ledger->hash, entry->body, to);
    load->next++;
    return OK;
}

static enum result load_leaves(struct load *load, uint64_t size, struct err *err)
{
    uint64_t from = size - tree_last_width(size, 0);
    load->next = from;
    TRY(store_entries(load->ledger->store, from, size - from, load_leaf, load, err));
    if (load->next != size)
        return err_set(err, E_LEDGER, "entry %" PRIu64 " is missing", load->next);
    return OK;
}

static enum result stored_tile(struct ledger *ledger, int level, uint64_t index,
                               uint8_t ret[TILE_BYTES], struct err *err)
{
    enum result result = store_tile(ledger->store, level, index, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_LEDGER, "tile %d/%" PRIu64 " is missing", level, index);
    return result;
}

/* The last tile of a level above the entries: the roots of full tiles below. */
static enum result load_level(struct load *load, int level, uint64_t size, struct err *err)
{
    uint8_t tile[TILE_BYTES];
    size_t width = tree_last_width(size, level);
    uint64_t first = tree_level_size(size, level) - width;
    for (size_t i = 0; i < width; i++) {
        TRY(stored_tile(load->ledger, level - 1, first + i, tile, err));
        tree_fold(load->ledger->hash, tile, TILE_HASHES,
                  load->tree->last[level] + i * MERKLE_HASH_N);
    }
    return OK;
}

/* Bit b of the size is a complete subtree of 2^b leaves: 2^(b % 8) hashes of level b / 8. */
static void load_frontier(const struct ledger *ledger, struct tree *tree, uint64_t size)
{
    tree->frontier.size = size;
    for (unsigned bit = 0; bit < 8 * TILE_LEVELS; bit++) {
        if (!(size >> bit & 1))
            continue;
        int level = (int)bit / 8;
        size_t n = (size_t)1 << bit % 8;
        size_t from = (tree_last_width(size, level) >> bit % 8 << bit % 8) - n;
        tree_fold(ledger->hash, tree->last[level] + from * MERKLE_HASH_N, n,
                  tree->frontier.node[bit]);
    }
}

enum result tree_load(struct ledger *ledger, struct tree *tree, struct err *err)
{
    uint64_t size = 0;
    struct load load = {.ledger = ledger, .tree = tree};
    TRY(store_last_entry(ledger->store, &size, &tree->last_at_s, err));
    if (size >> (8 * TILE_LEVELS) != 0)
        return err_set(err, E_LEDGER, "%" PRIu64 " entries are more than there can be", size);
    TRY(load_leaves(&load, size, err));
    for (int level = 1; level < TILE_LEVELS; level++)
        TRY(load_level(&load, level, size, err));
    load_frontier(ledger, tree, size);
    return OK;
}

enum result tree_tile(struct ledger *ledger, int level, uint64_t index, size_t width,
                      uint8_t ret[TILE_BYTES], struct err *err)
{
    uint64_t size = ledger->committed.frontier.size;
    uint64_t last = tree_level_size(size, level) / TILE_HASHES;
    size_t last_width = tree_last_width(size, level);
    if (index < last)
        return stored_tile(ledger, level, index, ret, err);
    if (index > last || width > last_width)
        return err_set(err, E_BUG, "tile %d/%" PRIu64 " is beyond the log", level, index);
    memcpy(ret, ledger->committed.last[level], last_width * MERKLE_HASH_N);
    return OK;
}
