/* The proof that one tree of the ledger goes on from another, from the tiles that the server
 * publishes (C2SP tlog-tiles). What they say is worth what the proof is: verify it. */
#ifndef BOUNDARY_TILES_H
#define BOUNDARY_TILES_H

#include <base/blob.h>
#include <base/err.h>
#include <wire/merkle.h>

/* How a tile is had: "/tile/0/x001/234.p/56". E_NOT_FOUND where there is none. */
struct tiles_fetch {
    enum result (*get)(void *context, const char *path, struct blob *ret, struct err *err);
    void *context;
};

/* 0 < from <= to. A few tiles are fetched. E_SYNTAX for a tile that is too short, and what `fetch`
 * fails with. */
MUST_USE enum result tiles_prove(const struct tiles_fetch *fetch, uint64_t from, uint64_t to,
                                 struct merkle_proof *ret, struct err *err);

#endif
