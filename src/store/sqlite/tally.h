/* Private: the overview's figures, device_tally and certificate_tally. What a transaction changes
 * in them is summed in memory and written once: when it commits, or before somebody reads them. */
#ifndef STORE_SQLITE_TALLY_H
#define STORE_SQLITE_TALLY_H

#include "database.h"

/* What a row is counted by. */
struct counted {
    bool exists;
    int64_t group; /* a device's product, a certificate's issuer */
    int64_t state;
    int64_t holder;             /* a certificate's device; 0 = none */
    char owner[LIMIT_NAME + 1]; /* a certificate has its device's */
};

/* Does the change touch what its row is counted by? Then *ret_before is what it was, to be read
 * before the change is applied, and noted once it was. */
bool tally_is_of(const struct change *change);
MUST_USE enum result tally_before(struct store *store, const struct change *change,
                                  struct counted *ret_before, struct err *err);
MUST_USE enum result tally_note(struct store *store, const struct change *change,
                                const struct counted *before, struct err *err);

/* Writes what was summed: nothing outside a transaction. */
MUST_USE enum result tally_write(struct store *store, struct err *err);

#endif
