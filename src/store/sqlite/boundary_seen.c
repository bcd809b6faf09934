/* What each boundary acknowledged last. */
#include "database.h"

#include <store/boundary_seen.h>

enum result store_put_boundary_seen(struct store *store, const struct boundary_seen *seen,
                                    struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_BOUNDARY_SEEN);
    query_put_int(&q, seen->boundary);
    query_put_int(&q, seen->heard_s);
    query_put_int(&q, (int64_t)seen->status_generation);
    query_put_int(&q, (int64_t)seen->service_generation);
    query_put_int(&q, seen->slowest_ms);
    query_put_int(&q, seen->behind_since_s);
    query_put_int(&q, seen->slow_since_s);
    return query_run(&q, err);
}

static enum result next_seen(struct query *query, struct boundary_seen *ret, struct err *err)
{
    struct boundary_seen seen = {0};
    TRY(query_next(query, err));
    seen.boundary = query_int(query);
    seen.heard_s = query_int(query);
    seen.status_generation = (uint64_t)query_int(query);
    seen.service_generation = (uint64_t)query_int(query);
    seen.slowest_ms = (uint32_t)query_int(query);
    seen.behind_since_s = query_int(query);
    seen.slow_since_s = query_int(query);
    TRY(query_row_ok(query, err));
    *ret = seen;
    return OK;
}

enum result store_boundary_seen(struct store *store, int64_t boundary, struct boundary_seen *ret,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARY_SEEN);
    query_put_int(&q, boundary);
    return next_seen(&q, ret, err);
}

enum result store_boundaries_seen(struct store *store, boundary_seen_visit visit, void *ctx,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARIES_SEEN);
    struct boundary_seen seen;
    enum result result;
    while ((result = next_seen(&q, &seen, err)) == OK)
        TRY(visit(ctx, &seen, err));
    return result == R_NOT_FOUND ? OK : result;
}
