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
/* When a device was seen, of those with after < id <= until that are retired. */
MUST_USE enum result store_tidy_seen(struct store *store, int64_t before_s, int64_t after,
                                     int64_t until, int64_t *ret_n, struct err *err);

#endif
