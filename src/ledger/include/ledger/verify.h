/* The audit: every entry, tile and row of a store against each other and against checkpoints that
 * somebody kept (design 1.2). Shares with the writer of all this only wire/ and tables.def. */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include <ledger/replay.h>
#include <store/store.h>
#include <wire/merkle.h>

/* What the log had once. NOT checked here: who signed it. */
struct verify_checkpoint {
    const char *name; /* for the message: "audit.note" */
    uint64_t size;
    uint8_t root[MERKLE_HASH_N];
};

struct verify_wanted {
    const struct verify_checkpoint *checkpoints;
    size_t n;
    struct countersigner signer; /* of acts that take two people */
};

struct verified {
    uint64_t entries;
    uint64_t rows;
    uint64_t certificates; /* whose bytes have the digest that the ledger knows */
    uint64_t texts;        /* personal rows that have theirs */
    uint8_t root[MERKLE_HASH_N];
};

/* In one snapshot: the back-end's own structures; entries without a gap, each as the writer writes
 * them, in the order of their times, its row saying what it says; every full tile; the root at the
 * size of each of the checkpoints, so that a log which does not extend one of them is refused as a
 * fork; every row of every ledger table as replay makes it; certificate_der and personal by digest
 * (a missing one was erased or is past its retention). The first thing that is wrong ends it:
 * E_LEDGER names entry, tile, or row and column with both values; E_STORE_CORRUPT. */
MUST_USE enum result ledger_verify(struct store *store, const struct merkle_hash *hash,
                                   const struct verify_wanted *wanted, struct verified *ret,
                                   struct err *err);

#endif
