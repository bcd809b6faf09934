/* The rows of the database against those of replay. */
#ifndef LEDGER_VERIFY_ROWS_H
#define LEDGER_VERIFY_ROWS_H

#include <ledger/replay.h>
#include <store/store.h>

/* E_LEDGER with table, row, column and both values. `ret_n` is the number of rows. */
MUST_USE enum result verify_rows(struct store *store, struct replay *replay, uint64_t *ret_n,
                                 struct err *err);

/* certificate_der, foreign_der and personal against the digests in the ledger and in themselves. */
struct verify_digests {
    const struct merkle_hash *hash;
    const struct replay *replay;
    uint64_t certificates;
    uint64_t texts;
};
MUST_USE enum result verify_digests(struct store *store, struct verify_digests *digests,
                                    struct err *err);

#endif
