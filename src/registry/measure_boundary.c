#include <registry/measure.h>

#include <store/boundaries.h>
#include <store/boundary_seen.h>

static struct since since_of(int64_t at_s)
{
    return at_s != 0 ? (struct since){YES, at_s} : (struct since){.known = NO};
}

/* Since when no row says; the finding does. */
static enum result measure_services(struct store *store, int64_t boundary, struct facts *facts,
                                    struct err *err)
{
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0;
    TRY(store_services(store, boundary, services, &n, err));
    facts->fails_open = since_of(0);
    for (size_t i = 0; i < n; i++)
        if (services[i].is_fail_open)
            facts->fails_open.known = YES;
    return OK;
}

enum result measure_boundary(struct store *store, int64_t boundary, struct facts *facts,
                             struct err *err)
{
    struct boundary row;
    struct boundary_seen seen;
    TRY(store_boundary(store, boundary, &row, err));
    TRY(measure_services(store, boundary, facts, err));
    enum result result = store_boundary_seen(store, boundary, &seen, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    facts->boundary_behind = since_of(seen.behind_since_s);
    facts->cut_off_slow = since_of(seen.slow_since_s);
    return OK;
}
