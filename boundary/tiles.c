#include "tiles.h"

#include <base/tile_path.h>
#include <crypto/hash.h>

#include <stdio.h>
#include <stdlib.h>

#define TILE_HASHES 256
#define LEVELS_MAX 8

/* Where wire/merkle gets its nodes: proofs ask for several of one tile in a row. */
struct source {
    const struct tiles_fetch *fetch;
    struct err *err;
    enum result result;
    uint64_t size; /* of the newer tree */
    bool has_tile;
    unsigned level;
    uint64_t index;
    size_t width;
    uint8_t tile[TILE_HASHES * MERKLE_HASH_N];
};

static enum result fetch_tile(struct source *source, size_t width, struct blob *ret)
{
    char path[TILE_PATH_MAX + 1] = "/", level[8];
    snprintf(level, sizeof level, "%u", source->level);
    tile_path(path + 1, level, source->index, width);
    return source->fetch->get(source->fetch->context, path, ret, source->err);
}

/* Of the newer tree's width; one that has become full meanwhile is there as a whole alone. */
static enum result load(struct source *source)
{
    CLEANUP(blob_free) struct blob tile = {0};
    uint64_t hashes = source->size >> (8 * source->level);
    uint64_t first = source->index * TILE_HASHES;
    size_t width = hashes <= first                 ? 0
                   : hashes - first >= TILE_HASHES ? TILE_HASHES
                                                   : (size_t)(hashes - first);
    enum result result = fetch_tile(source, width, &tile);
    if (result == R_NOT_FOUND && width < TILE_HASHES)
        result = fetch_tile(source, TILE_HASHES, &tile);
    if (result != OK)
        return result;
    if (tile.n < width * MERKLE_HASH_N || tile.n > sizeof source->tile)
        return err_set(source->err, E_SYNTAX, "a tile of %zu octets; wanted %zu", tile.n,
                       width * MERKLE_HASH_N);
    memcpy(source->tile, tile.p, tile.n);
    source->width = tile.n / MERKLE_HASH_N;
    source->has_tile = true;
    return OK;
}

static bool has(struct source *source, unsigned level, uint64_t index, size_t width)
{
    if (source->has_tile && source->level == level && source->index == index)
        return source->width >= width;
    source->has_tile = false;
    source->level = level;
    source->index = index;
    source->result = load(source);
    return source->result == OK && source->width >= width;
}

/* Node `index` of 2^bits leaves is the root of 2^(bits % 8) hashes of level bits / 8. */
static bool get_node(void *context, unsigned bits, uint64_t index, uint8_t out[MERKLE_HASH_N])
{
    struct source *source = context;
    uint8_t row[TILE_HASHES * MERKLE_HASH_N];
    size_t n = (size_t)1 << bits % 8;
    uint64_t first = index << bits % 8;
    size_t at = first % TILE_HASHES;
    if (bits / 8 >= LEVELS_MAX || !has(source, bits / 8, first / TILE_HASHES, at + n))
        return false;
    memcpy(row, source->tile + at * MERKLE_HASH_N, n * MERKLE_HASH_N);
    merkle_fold(&sha256_for_merkle, row, n, out);
    return true;
}

enum result tiles_prove(const struct tiles_fetch *fetch, uint64_t from, uint64_t to,
                        struct merkle_proof *ret, struct err *err)
{
    struct source source = {.fetch = fetch, .err = err, .size = to};
    const struct merkle_nodes nodes = {get_node, &source};
    bool is_made = merkle_prove_consistency(&sha256_for_merkle, &nodes, from, to, ret);
    if (source.result != OK)
        return source.result;
    return is_made ? OK
                   : err_set(err, E_SYNTAX, "the tiles lack what proves %llu entries of %llu",
                             (unsigned long long)from, (unsigned long long)to);
}
