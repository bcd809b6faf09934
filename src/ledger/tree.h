/* The log's tree in memory: its right edge, and of each level of tiles the last one, which is not
 * full. A tile is 256 hashes; hash i of level L is the root of the 256^L leaves from i * 256^L
 * (C2SP tlog-tiles). Full tiles are rows of the store. */
#ifndef LEDGER_TREE_H
#define LEDGER_TREE_H

#include <ledger/ledger.h>

#define TILE_HASHES 256
#define TILE_BYTES (TILE_HASHES * MERKLE_HASH_N)
#define TILE_LEVELS 7 /* 2^56 leaves */

struct tree {
    int64_t last_at_s;
    struct merkle_frontier frontier; /* has the size */
    uint8_t last[TILE_LEVELS][TILE_BYTES];
};

struct ledger {
    struct store *store;
    const struct merkle_hash *hash;
    struct tree committed;
    struct tree pending;     /* with what the open transaction appended */
    struct tree before_part; /* `pending` when the part began that may be undone alone */
    uint64_t published;      /* size that ledger_publish() wrote last; 0 since it was opened */
    uint8_t entry[LIMIT_ENTRY_BYTES];
};

/* Hashes of a level in a tree of `size` leaves, and how many of them are in its last tile. */
static inline uint64_t tree_level_size(uint64_t size, int level)
{
    return size >> (8 * level);
}
static inline size_t tree_last_width(uint64_t size, int level)
{
    return tree_level_size(size, level) % TILE_HASHES;
}

/* Root of `n` hashes, a power of two up to 256. */
void tree_fold(const struct merkle_hash *hash, const uint8_t *hashes, size_t n,
               uint8_t ret[MERKLE_HASH_N]);

/* Copies what is in use. */
void tree_copy(struct tree *to, const struct tree *from);

/* Adds a leaf; a tile that it fills is stored. */
MUST_USE enum result tree_append(struct ledger *ledger, struct tree *tree,
                                 const uint8_t leaf[MERKLE_HASH_N], struct err *err);

/* Reads the tree of all entries that the store has. E_LEDGER when rows are missing. */
MUST_USE enum result tree_load(struct ledger *ledger, struct tree *tree, struct err *err);

/* A tile of the committed tree, full or the last of its level; false in `err`'s words when rows are
 * missing. At least the first `width` hashes are there. */
MUST_USE enum result tree_tile(struct ledger *ledger, int level, uint64_t index, size_t width,
                               uint8_t ret[TILE_BYTES], struct err *err);

#endif
