#include "verify_tiles.h"

#include <inttypes.h>
#include <string.h>

static size_t first_difference(const uint8_t *a, const uint8_t *b)
{
    size_t at = 0;
    while (at < VERIFY_TILE &&
           memcmp(a + at * MERKLE_HASH_N, b + at * MERKLE_HASH_N, MERKLE_HASH_N) == 0)
        at++;
    return at;
}

static enum result compare(struct verify_tiles *tiles, int level, struct err *err)
{
    uint8_t stored[VERIFY_TILE * MERKLE_HASH_N];
    uint64_t index = tiles->full[level];
    enum result result = store_tile(tiles->store, level, index, stored, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_LEDGER, "tile %d/%" PRIu64 " is missing", level, index);
    TRY(result);
    size_t at = first_difference(stored, tiles->tile[level]);
    if (at == VERIFY_TILE)
        return OK;
    if (level > 0)
        return err_set(err, E_LEDGER, "tile %d/%" PRIu64 ": hash %zu is not that of the tile below",
                       level, index, at);
    return err_set(err, E_LEDGER, "entry %" PRIu64 " has not the hash that tile 0/%" PRIu64 " has",
                   index * VERIFY_TILE + at, index);
}

/* In place: the tile is done with. */
static void fold(struct verify_tiles *tiles, int level, uint8_t ret[MERKLE_HASH_N])
{
    uint8_t(*node)[MERKLE_HASH_N] = (uint8_t(*)[MERKLE_HASH_N])tiles->tile[level];
    for (size_t width = VERIFY_TILE; width > 1; width /= 2)
        for (size_t i = 0; i < width / 2; i++)
            merkle_node(tiles->hash, node[2 * i], node[2 * i + 1], node[i]);
    memcpy(ret, node[0], MERKLE_HASH_N);
}

enum result verify_tiles_leaf(struct verify_tiles *tiles, const uint8_t leaf[MERKLE_HASH_N],
                              struct err *err)
{
    uint8_t hash[MERKLE_HASH_N];
    memcpy(hash, leaf, sizeof hash);
    for (int level = 0; level < VERIFY_LEVELS; level++) {
        memcpy(tiles->tile[level] + tiles->n[level] * MERKLE_HASH_N, hash, MERKLE_HASH_N);
        if (++tiles->n[level] < VERIFY_TILE)
            return OK;
        TRY(compare(tiles, level, err));
        fold(tiles, level, hash);
        tiles->n[level] = 0;
        tiles->full[level]++;
    }
    return OK;
}

enum result verify_tiles_end(const struct verify_tiles *tiles, struct err *err)
{
    int64_t rows = 0;
    uint64_t wanted = 0;
    for (int level = 0; level < VERIFY_LEVELS; level++)
        wanted += tiles->full[level];
    TRY(store_rows(tiles->store, TABLE_TILE, &rows, err));
    if ((uint64_t)rows != wanted)
        return err_set(err, E_LEDGER, "%" PRId64 " tiles are stored, the entries make %" PRIu64,
                       rows, wanted);
    return OK;
}
