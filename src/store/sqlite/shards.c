/* Partitions of the revocation lists (design 5, Status index). */
#include "rows.h"

static void put_shard(struct query *query, const struct shard *shard)
{
    query_put_int(query, shard->issuer);
    query_put_int(query, shard->class);
    query_put_int(query, (int64_t)shard->part * SHARD_NUMBERS);
    query_put_int(query, (int64_t)shard->part * SHARD_NUMBERS + SHARD_NUMBERS - 1);
}

enum result store_revoked(struct store *store, const struct shard *shard, int64_t now_s,
                          certificate_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_REVOKED);
    put_shard(&q, shard);
    query_put_int(&q, now_s);
    return visit_certificates(&q, visit, ctx, err);
}

enum result store_held(struct store *store, const struct shard *shard, int64_t now_s,
                       certificate_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HELD);
    put_shard(&q, shard);
    query_put_int(&q, now_s);
    return visit_certificates(&q, visit, ctx, err);
}

enum result store_numbered(struct store *store, const struct number_range *range,
                           certificate_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_NUMBERED);
    query_put_int(&q, range->issuer);
    query_put_int(&q, range->class);
    query_put_int(&q, range->first);
    query_put_int(&q, range->last);
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        struct certificate row = {.issuer = range->issuer, .class = range->class};
        row.number = query_u32(&q);
        row.state = (int)query_u32(&q);
        TRY(query_row_ok(&q, err));
        TRY(visit(ctx, &row, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_kept_down(struct store *store, certificate_visit visit, void *ctx,
                            struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_KEPT_DOWN);
    return visit_certificates(&q, visit, ctx, err);
}

enum result store_last_end(struct store *store, const struct shard *shard, int64_t *ret_at_s,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_END);
    put_shard(&q, shard);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_first_end(struct store *store, const struct shard *shard, int64_t after_s,
                            int64_t *ret_at_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FIRST_END);
    put_shard(&q, shard);
    query_put_int(&q, after_s);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_shard_began(struct store *store, const struct shard *shard, int64_t *ret_at_s,
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SHARD_BEGAN);
    put_shard(&q, shard);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_replaced_late(struct store *store, const struct shard *shard, int64_t *ret,
                                size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_REPLACED_LATE);
    put_shard(&q, shard);
    query_put_int(&q, (int64_t)max);
    return query_ids(&q, ret, max, ret_n, err);
}

/* The shard of the first number after (issuer, class, number). */
static enum result next_shard(struct store *store, int64_t issuer, uint32_t class, int64_t number,
                              struct shard *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_NEXT_NUMBER);
    query_put_int(&q, issuer);
    query_put_int(&q, class);
    query_put_int(&q, number);
    TRY(query_next(&q, err));
    struct shard shard = {.issuer = query_int(&q), .class = query_u32(&q)};
    shard.part = query_u32(&q) / SHARD_NUMBERS;
    TRY(query_row_ok(&q, err));
    *ret = shard;
    return OK;
}

static enum result shard_after(struct store *store, const struct shard *shard, struct shard *ret,
                               struct err *err)
{
    int64_t last = (int64_t)shard->part * SHARD_NUMBERS + SHARD_NUMBERS - 1;
    return next_shard(store, shard->issuer, shard->class, last, ret, err);
}

/* ---- shards that are known to be dead ---- */

static bool is_same_series(const struct shard *a, const struct shard *b)
{
    return a->issuer == b->issuer && a->class == b->class;
}

static bool is_known_dead(const struct store *store, const struct shard *shard)
{
    for (size_t i = 0; i < store->dead.n; i++)
        if (is_same_series(&store->dead.shard[i], shard) &&
            store->dead.shard[i].part == shard->part)
            return true;
    return false;
}

static void remember_dead(struct store *store, const struct shard *shard)
{
    if (store->dead.n < DEAD_SHARDS_MAX && !is_known_dead(store, shard))
        store->dead.shard[store->dead.n++] = *shard;
}

/* A clock that was set back makes the dead live. */
static void forget_dead_of_later(struct store *store, int64_t now_s)
{
    if (now_s < store->dead.since_s)
        store->dead.n = 0;
    store->dead.since_s = now_s;
}

static enum result look_whether_it_lives(struct store *store, const struct shard *shard,
                                         int64_t now_s, bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SHARD_LIVES);
    put_shard(&q, shard);
    query_put_int(&q, now_s);
    return query_is_there(&q, ret, err);
}

enum result store_shards(struct store *store, int64_t now_s, shard_visit visit, void *ctx,
                         struct err *err)
{
    struct shard shard, next;
    forget_dead_of_later(store, now_s);
    enum result result = next_shard(store, INT64_MIN, 0, 0, &next, err);
    while (result == OK) {
        bool lives = false;
        shard = next;
        if (!is_known_dead(store, &shard))
            TRY(look_whether_it_lives(store, &shard, now_s, &lives, err));
        if (lives)
            TRY(visit(ctx, &shard, err));
        result = shard_after(store, &shard, &next, err);
        if (!lives && result == OK && is_same_series(&shard, &next))
            remember_dead(store, &shard);
    }
    return result == R_NOT_FOUND ? OK : result;
}
