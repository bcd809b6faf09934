#include "database.h"
#include "rows.h"

static enum result next_transfer(struct query *query, struct transfer_row *ret, struct err *err)
{
    TRY(query_next(query, err));
    ret->id = query_int(query);
    ret->device = query_int(query);
    query_text(query, ret->from, sizeof ret->from);
    query_text(query, ret->to, sizeof ret->to);
    ret->created_s = query_int(query);
    ret->expires_s = query_int(query);
    ret->state = (int)query_u32(query);
    ret->asked_by = query_int(query);
    ret->releaser = query_int(query);
    ret->accepter = query_int(query);
    ret->after = query_int(query);
    ret->released_s = query_int(query);
    ret->accepted_s = query_int(query);
    struct bytes body = query_bytes(query);
    if (body.n > sizeof ret->body)
        return err_set(err, E_STORE_CORRUPT, "transfer %lld has a body above %d octets",
                       (long long)ret->id, APPROVAL_BODY_MAX);
    ret->body_n = body.n;
    memcpy(ret->body, body.n > 0 ? body.p : ret->body, body.n);
    return query_row_ok(query, err);
}

enum result store_transfer(struct store *store, int64_t id, struct transfer_row *ret,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TRANSFER);
    query_put_int(&q, id);
    return next_transfer(&q, ret, err);
}

enum result store_open_transfer(struct store *store, int64_t device, struct transfer_row *ret,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OPEN_TRANSFER);
    query_put_int(&q, device);
    return next_transfer(&q, ret, err);
}

enum result store_signed_transfer(struct store *store, int64_t device, struct transfer_row *ret,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SIGNED_TRANSFER);
    query_put_int(&q, device);
    return next_transfer(&q, ret, err);
}

enum result store_transfers(struct store *store, const struct filter *filter, transfer_visit visit,
                            void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_TRANSFERS);
    struct transfer_row row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, filter->open_only);
    query_put_text(&q, filter->owner);
    while ((result = next_transfer(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_had_key(struct store *store, int64_t device, const uint8_t spki[32], int64_t last,
                          bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HAD_KEY);
    int64_t n = 0;
    query_put_int(&q, device);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, last);
    TRY(query_one_int(&q, &n, err));
    *ret = n > 0;
    return OK;
}
