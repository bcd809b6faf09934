/* Where a sweep is (service/sweep.h): rows of the database, which core writes and the reader reads.
 */
#ifndef REGISTRY_SWEEP_H
#define REGISTRY_SWEEP_H

#include <store/store.h>

struct sweep_cursor {
    int64_t kind; /* enum subject_kind that it is at; 0 = none is under way */
    int64_t after;
    int64_t product;
    int64_t began_s; /* of its first step; 0 = that is yet to come */
};

MUST_USE enum result sweep_read(struct store *store, struct sweep_cursor *ret, struct err *err);
MUST_USE enum result sweep_write(struct store *store, const struct sweep_cursor *cursor,
                                 struct err *err);

/* Where the subjects of a kind are; the installation is none's row: TABLE_NONE. */
enum table sweep_table(int64_t kind);

/* To the kind behind this one, and to nothing behind the last. A product has no installation and no
 * issuers. */
void sweep_next_kind(struct sweep_cursor *cursor);

/* Rows that it has yet to look at, of whatever product they are; 0 = none is under way. */
MUST_USE enum result sweep_left(struct store *store, const struct sweep_cursor *cursor,
                                int64_t *ret, struct err *err);

#endif
