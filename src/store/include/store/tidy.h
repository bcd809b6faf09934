/* Dropping observations that are past their retention (docs/decisions/retention.md), a slice at a
 * time. *ret_n: rows that were dropped. */
#ifndef STORE_TIDY_H
#define STORE_TIDY_H

#include <base/err.h>

#include <stdint.h>

struct store;

/* At most `limit` rows of before then. */
MUST_USE enum result store_tidy_answers(struct store *store, int64_t before_s, int64_t limit,
                                        int64_t *ret_n, struct err *err);
MUST_USE enum result store_tidy_counters(struct store *store, int64_t before_s, int64_t limit,
                                         int64_t *ret_n, struct err *err);
/* Signed checkpoints, never the last one. */
MUST_USE enum result store_tidy_notes(struct store *store, int64_t before_s, int64_t limit,
                                      int64_t *ret_n, struct err *err);

/* Of rows with after < id <= until, those of before then. */
struct tidy_range {
    int64_t before_s, after, until;
};
/* When a device was seen, of those that are retired. */
MUST_USE enum result store_tidy_seen(struct store *store, const struct tidy_range *range,
                                     int64_t *ret_n, struct err *err);
/* Where a certificate stood that stands there no more; of another CA's the last such place stays:
 * when it went out of use is a fact (registry/foreign.h). */
MUST_USE enum result store_tidy_sightings(struct store *store, const struct tidy_range *range,
                                          int64_t *ret_n, struct err *err);

#endif
