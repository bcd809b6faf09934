/* The stored tiles against leaf hashes that come one by one. */
#ifndef LEDGER_VERIFY_TILES_H
#define LEDGER_VERIFY_TILES_H

#include <store/store.h>
#include <wire/merkle.h>

#define VERIFY_LEVELS 7
#define VERIFY_TILE 256

struct verify_tiles {
    struct store *store;
    const struct merkle_hash *hash;
    uint64_t full[VERIFY_LEVELS]; /* tiles that were full so far */
    size_t n[VERIFY_LEVELS];
    uint8_t tile[VERIFY_LEVELS][VERIFY_TILE * MERKLE_HASH_N];
};

/* E_LEDGER when a tile that is full now is not the stored one, with the first entry that differs.
 */
MUST_USE enum result verify_tiles_leaf(struct verify_tiles *tiles,
                                       const uint8_t leaf[MERKLE_HASH_N], struct err *err);

/* After the last leaf: there must be no further tiles. */
MUST_USE enum result verify_tiles_end(const struct verify_tiles *tiles, struct err *err);

#endif
