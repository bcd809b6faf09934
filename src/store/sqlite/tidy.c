#include "database.h"

#include <store/tidy.h>

static enum result run(struct store *store, struct query *query, int64_t *ret_n, struct err *err)
{
    TRY(query_run(query, err));
    *ret_n = sqlite3_changes64(store->db);
    return OK;
}

static enum result drop(struct store *store, enum statement statement, int64_t before_s,
                        int64_t limit, int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_int(&q, before_s);
    query_put_int(&q, limit);
    return run(store, &q, ret_n, err);
}

enum result store_tidy_answers(struct store *store, int64_t before_s, int64_t limit, int64_t *ret_n,
                               struct err *err)
{
    return drop(store, STATEMENT_TIDY_ANSWERS, before_s, limit, ret_n, err);
}

enum result store_tidy_counters(struct store *store, int64_t before_s, int64_t limit,
                                int64_t *ret_n, struct err *err)
{
    return drop(store, STATEMENT_TIDY_COUNTERS, before_s, limit, ret_n, err);
}

enum result store_tidy_notes(struct store *store, int64_t before_s, int64_t limit, int64_t *ret_n,
                             struct err *err)
{
    return drop(store, STATEMENT_TIDY_NOTES, before_s, limit, ret_n, err);
}

static enum result drop_range(struct store *store, struct query *query,
                              const struct tidy_range *range, int64_t *ret_n, struct err *err)
{
    query_put_int(query, range->before_s);
    query_put_int(query, range->after);
    query_put_int(query, range->until);
    return run(store, query, ret_n, err);
}

enum result store_tidy_seen(struct store *store, const struct tidy_range *range, int64_t *ret_n,
                            struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TIDY_SEEN);
    return drop_range(store, &q, range, ret_n, err);
}

enum result store_tidy_sightings(struct store *store, const struct tidy_range *range,
                                 int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TIDY_SIGHTINGS);
    return drop_range(store, &q, range, ret_n, err);
}
