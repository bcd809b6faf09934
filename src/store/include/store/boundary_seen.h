/* What each boundary acknowledged last, and how it stands to what it should. Observations: replay
 * knows nothing of them. */
#ifndef STORE_BOUNDARY_SEEN_H
#define STORE_BOUNDARY_SEEN_H

#include <base/err.h>
#include <store/list.h>

struct store;

struct boundary_seen {
    int64_t boundary;
    int64_t heard_s; /* at most a minute old while it is heard; 0 = never */
    uint64_t status_generation, service_generation; /* that it enforces */
    uint32_t slowest_ms;    /* from commit to enforcement, since the server's start */
    int64_t behind_since_s; /* it is silent or lacks the end of a trust; 0: neither */
    int64_t slow_since_s;   /* the last cut-off took longer than promised; 0: it did not */
};

/* Adds it, or replaces the boundary's row. */
MUST_USE enum result store_put_boundary_seen(struct store *store, const struct boundary_seen *seen,
                                             struct err *err);
/* R_NOT_FOUND. */
MUST_USE enum result store_boundary_seen(struct store *store, int64_t boundary,
                                         struct boundary_seen *ret, struct err *err);
/* By boundary. */
STORE_VISIT(boundary_seen_visit, struct boundary_seen);
MUST_USE enum result store_boundaries_seen(struct store *store, boundary_seen_visit visit,
                                           void *ctx, struct err *err);

#endif
