#include <registry/measure.h>

#include <store/boundary_seen.h>

static struct since since_of(int64_t at_s)
{
    return at_s != 0 ? (struct since){YES, at_s} : (struct since){.known = NO};
}

enum result measure_boundary(struct store *store, int64_t boundary, struct facts *facts,
                             struct err *err)
{
    struct boundary_seen seen;
    TRY(store_boundary_seen(store, boundary, &seen, err));
    facts->boundary_behind = since_of(seen.behind_since_s);
    facts->cut_off_slow = since_of(seen.slow_since_s);
    return OK;
}
