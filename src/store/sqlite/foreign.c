/* Certificates of other CAs. */
#include "rows.h"

/* What is there only when the certificate itself was read. */
static void read_said(struct query *query, struct foreign *ret)
{
    ret->is_read = query_hash(query, ret->spki, sizeof ret->spki);
    ret->not_before_s = query_int(query);
    ret->key = (int)query_u32(query);
    ret->bits = (int)query_u32(query);
    ret->signature = (int)query_u32(query);
    (void)query_hash(query, ret->digest, sizeof ret->digest);
    ret->traits = query_u32(query);
    (void)query_hash(query, ret->issuer_name, sizeof ret->issuer_name);
}

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
    read_said(query, ret);
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

static enum result visit_foreigns(struct query *query, foreign_visit visit, void *ctx,
                                  struct err *err)
{
    struct foreign row = {0};
    enum result result;
    while ((result = next_foreign(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_foreign(struct store *store, int64_t anchor, struct bytes serial,
                          struct foreign *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN);
    query_put_int(&q, anchor);
    query_put_blob(&q, serial);
    return next_foreign(&q, ret, err);
}

enum result store_foreign_id(struct store *store, int64_t id, struct foreign *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_ID);
    query_put_int(&q, id);
    return next_foreign(&q, ret, err);
}

enum result store_foreign_digest(struct store *store, const uint8_t digest[32], struct foreign *ret,
                                 struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_DIGEST);
    query_put_blob(&q, bytes_of(digest, 32));
    return next_foreign(&q, ret, err);
}

enum result store_foreign_numbered(struct store *store, struct bytes serial, struct foreign *ret,
                                   struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_NUMBERED);
    query_put_blob(&q, serial);
    return next_foreign(&q, ret, err);
}

static enum statement list_of(const struct filter *filter, struct bytes serial)
{
    if (serial.n > 0)
        return STATEMENT_FOREIGNS_OF_SERIAL;
    return filter->device == 0 ? STATEMENT_FOREIGNS : STATEMENT_FOREIGNS_OF_DEVICE;
}

enum result store_foreigns(struct store *store, const struct filter *filter, struct bytes serial,
                           foreign_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, list_of(filter, serial));
    query_put_filter(&q, filter);
    query_put_int(&q, filter->product);
    query_put_text(&q, filter->owner);
    if (serial.n > 0)
        query_put_blob(&q, serial);
    else if (filter->device != 0)
        query_put_int(&q, filter->device);
    return visit_foreigns(&q, visit, ctx, err);
}

enum result store_foreigns_with_key(struct store *store, const uint8_t spki[32],
                                    const struct filter *filter, foreign_visit visit, void *ctx,
                                    struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGNS_WITH_KEY);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, filter->after);
    query_put_int(&q, filter->limit);
    return visit_foreigns(&q, visit, ctx, err);
}

/* 0 without a row. */
static enum result one_or_none(struct query *query, int64_t *ret, struct err *err)
{
    enum result result = query_one_int(query, ret, err);
    if (result == R_NOT_FOUND)
        *ret = 0;
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_foreign_key_since(struct store *store, const uint8_t spki[32], int64_t *ret_s,
                                    struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_KEY_SINCE);
    query_put_blob(&q, bytes_of(spki, 32));
    return one_or_none(&q, ret_s, err);
}

enum result store_foreign_device(struct store *store, const uint8_t spki[32], int64_t after,
                                 int64_t *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_DEVICE);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, after);
    return one_or_none(&q, ret, err);
}

enum result store_put_foreign_der(struct store *store, const uint8_t digest[32], struct bytes der,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_FOREIGN_DER);
    query_put_blob(&q, bytes_of(digest, 32));
    query_put_blob(&q, der);
    return query_run(&q, err);
}

enum result store_foreign_der(struct store *store, const uint8_t digest[32], struct buf *out,
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_DER);
    query_put_blob(&q, bytes_of(digest, 32));
    TRY(query_next(&q, err));
    buf_put_bytes(out, query_bytes(&q));
    return buf_ok(out) ? OK : err_set(err, E_TOO_LARGE, "a stored certificate of another CA");
}

enum result store_foreign_ders(struct store *store, foreign_der_visit visit, void *ctx,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FOREIGN_DERS);
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        struct bytes digest = query_bytes(&q);
        TRY(visit(ctx, digest, query_bytes(&q), err));
    }
    return result == R_NOT_FOUND ? OK : result;
}
