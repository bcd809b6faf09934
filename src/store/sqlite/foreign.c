/* Certificates of other CAs. */
#include "rows.h"

static void read_foreign(struct query *query, struct foreign *ret)
{
    ret->id = query_int(query);
    ret->anchor = query_int(query);
    struct bytes serial = query_bytes(query);
    ret->serial_n = serial.n;
    if (serial.n > sizeof ret->serial)
        query->bad = "a serial number above the limit";
    else if (serial.n > 0)
        memcpy(ret->serial, serial.p, serial.n);
    ret->device = query_int(query);
    (void)query_hash(query, ret->subject, sizeof ret->subject);
    ret->not_after_s = query_int(query);
    ret->state = (int)query_u32(query);
    ret->revoked_at_s = query_int(query);
    ret->reason = (int)query_u32(query);
}

static enum result next_foreign(struct query *query, struct foreign *ret, struct err *err)
{
    struct foreign row;
    TRY(query_next(query, err));
    read_foreign(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_foreign(struct store *store, int64_t anchor, struct bytes serial,
                          struct foreign *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN);
    query_put_int(&q, anchor);
    query_put_blob(&q, serial);
    return next_foreign(&q, ret, err);
}

enum result store_foreigns(struct store *store, const struct filter *filter, foreign_visit visit,
                           void *ctx, struct err *err)
{
    enum statement statement =
        filter->device == 0 ? STATEMENT_FOREIGNS : STATEMENT_FOREIGNS_OF_DEVICE;
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_filter(&q, filter);
    query_put_int(&q, filter->product);
    query_put_text(&q, filter->owner);
    if (filter->device != 0)
        query_put_int(&q, filter->device);
    struct foreign row = {0};
    enum result result;
    while ((result = next_foreign(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}
