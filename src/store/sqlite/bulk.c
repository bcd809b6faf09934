/* A verb on many devices: its row, and those that it has still to do. */
#include "rows.h"

#include <string.h>

static enum result next_bulk(struct query *query, struct bulk *ret, struct err *err)
{
    struct bulk row;
    TRY(query_next(query, err));
    read_bulk(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_bulk(struct store *store, int64_t id, struct bulk *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BULK);
    query_put_int(&q, id);
    return next_bulk(&q, ret, err);
}

enum result store_bulks(struct store *store, const struct filter *filter, bulk_visit visit,
                        void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BULKS);
    struct bulk row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, filter->state);
    while ((result = next_bulk(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_put_member(struct store *store, int64_t bulk, int64_t device, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_MEMBER);
    query_put_int(&q, bulk);
    query_put_int(&q, device);
    return query_run(&q, err);
}

enum result store_gather_members(struct store *store, const struct bulk *which, int64_t after,
                                 int64_t until, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_GATHER_MEMBERS);
    query_put_int(&q, which->id);
    query_put_int(&q, after);
    query_put_int(&q, until);
    query_put_int(&q, which->product);
    query_put_text(&q, bytes_of(which->owner, strlen(which->owner)));
    query_put_text(&q, bytes_of(which->batch, strlen(which->batch)));
    return query_run(&q, err);
}

enum result store_members(struct store *store, int64_t bulk, int64_t after, struct members *ret,
                          struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_MEMBERS);
    enum result result = OK;
    query_put_int(&q, bulk);
    query_put_int(&q, after);
    query_put_int(&q, (int64_t)ret->max);
    for (ret->n = 0; ret->n < ret->max && (result = query_next(&q, err)) == OK; ret->n++) {
        ret->devices[ret->n] = query_int(&q);
        TRY(query_row_ok(&q, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_count_members(struct store *store, int64_t bulk, int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT_MEMBERS);
    query_put_int(&q, bulk);
    return query_one_int(&q, ret_n, err);
}

enum result store_drop_member(struct store *store, int64_t bulk, int64_t device, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_MEMBER);
    query_put_int(&q, bulk);
    query_put_int(&q, device);
    return query_run(&q, err);
}

enum result store_drop_members(struct store *store, int64_t bulk, int64_t until, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_MEMBERS);
    query_put_int(&q, bulk);
    query_put_int(&q, until);
    return query_run(&q, err);
}

enum result store_drop_stray_members(struct store *store, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_STRAY_MEMBERS);
    return query_run(&q, err);
}
