#include "database.h"

#include <string.h>

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* The one column of the one row, appended to `out`. */
static enum result copy_out(struct query *query, struct buf *out, struct err *err)
{
    TRY(query_next(query, err));
    struct bytes octets = query_bytes(query);
    if (octets.n > out->max - out->n)
        return err_set(err, E_TOO_LARGE, "a stored value of %zu octets, room for %zu", octets.n,
                       out->max - out->n);
    buf_put_bytes(out, octets);
    return OK;
}

enum result store_put_der(struct store *store, int64_t certificate, struct bytes der,
                          struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_DER);
    query_put_int(&q, certificate);
    query_put_blob(&q, der);
    return query_run(&q, err);
}

enum result store_der(struct store *store, int64_t certificate, struct buf *out, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DER);
    query_put_int(&q, certificate);
    return copy_out(&q, out, err);
}

enum result store_ders(struct store *store, der_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DERS);
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        int64_t certificate = query_int(&q);
        TRY(visit(ctx, certificate, query_bytes(&q), err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_put_personal(struct store *store, const uint8_t digest[32], struct bytes salt,
                               struct bytes text, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_PERSONAL);
    query_put_blob(&q, bytes_of(digest, 32));
    query_put_blob(&q, salt);
    query_put_text(&q, text);
    return query_run(&q, err);
}

enum result store_personal(struct store *store, const uint8_t digest[32], struct buf *out,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PERSONAL);
    query_put_blob(&q, bytes_of(digest, 32));
    return copy_out(&q, out, err);
}

enum result store_personals(struct store *store, personal_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PERSONALS);
    enum result result;
    while ((result = query_next(&q, err)) == OK) {
        struct bytes digest = query_bytes(&q);
        struct bytes salt = query_bytes(&q);
        TRY(visit(ctx, digest, salt, query_bytes(&q), err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_put_seen(struct store *store, int64_t device, int64_t certificate, int64_t at_s,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_SEEN);
    query_put_int(&q, device);
    query_put_int(&q, certificate);
    query_put_int(&q, at_s);
    return query_run(&q, err);
}

enum result store_seen(struct store *store, int64_t device, int64_t *ret_at_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SEEN);
    query_put_int(&q, device);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_put_untold(struct store *store, int64_t device, uint64_t entry, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_UNTOLD);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)entry);
    return query_run(&q, err);
}

enum result store_untold(struct store *store, int64_t *ret, size_t max, size_t *ret_n,
                         struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_UNTOLD);
    query_put_int(&q, (int64_t)max);
    return query_ids(&q, ret, max, ret_n, err);
}

enum result store_max_crl(struct store *store, int64_t *ret_number, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_MAX_CRL);
    return query_one_int(&q, ret_number, err);
}

enum result store_restart_crls(struct store *store, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_RESTART_CRLS);
    return query_run(&q, err);
}

enum result store_drop_untold(struct store *store, int64_t last, uint64_t size, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_UNTOLD);
    query_put_int(&q, last);
    query_put_int(&q, (int64_t)size);
    return query_run(&q, err);
}

enum result store_put_answer(struct store *store, const char *key, int64_t at_s,
                             struct bytes answer, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_ANSWER);
    query_put_text(&q, text_of(key));
    query_put_int(&q, at_s);
    query_put_blob(&q, answer);
    return query_run(&q, err);
}

enum result store_answer(struct store *store, const char *key, struct buf *out, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ANSWER);
    query_put_text(&q, text_of(key));
    return copy_out(&q, out, err);
}

enum result store_put_meta(struct store *store, const char *name, int64_t value, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_META);
    query_put_text(&q, text_of(name));
    query_put_int(&q, value);
    return query_run(&q, err);
}

enum result store_meta(struct store *store, const char *name, int64_t *ret_value, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_META);
    query_put_text(&q, text_of(name));
    return query_one_int(&q, ret_value, err);
}

enum result store_put_crl(struct store *store, const struct crl_row *row, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_CRL);
    query_put_int(&q, row->shard.issuer);
    query_put_int(&q, row->shard.class);
    query_put_int(&q, row->shard.part);
    query_put_int(&q, (int64_t)row->number);
    query_put_int(&q, row->this_s);
    query_put_int(&q, row->next_s);
    return query_run(&q, err);
}

enum result store_crl(struct store *store, const struct shard *shard, struct crl_row *ret,
                      struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CRL);
    query_put_int(&q, shard->issuer);
    query_put_int(&q, shard->class);
    query_put_int(&q, shard->part);
    TRY(query_next(&q, err));
    struct crl_row row = {.shard = *shard, .number = (uint64_t)query_int(&q)};
    row.this_s = query_int(&q);
    row.next_s = query_int(&q);
    TRY(query_row_ok(&q, err));
    *ret = row;
    return OK;
}

enum result store_put_note(struct store *store, uint64_t size, struct bytes note, int64_t at_s,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_NOTE);
    query_put_int(&q, (int64_t)size);
    query_put_blob(&q, note);
    query_put_int(&q, at_s);
    return query_run(&q, err);
}

enum result store_last_note(struct store *store, uint64_t *ret_size, struct buf *out,
                            struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_NOTE);
    TRY(query_next(&q, err));
    uint64_t size = (uint64_t)query_int(&q);
    struct bytes note = query_bytes(&q);
    if (note.n > out->max - out->n)
        return err_set(err, E_TOO_LARGE, "a note of %zu octets, room for %zu", note.n,
                       out->max - out->n);
    buf_put_bytes(out, note);
    *ret_size = size;
    return OK;
}

/* One number for what an instant is about. */
#define KIND_SHIFT 56

static int64_t instant_key(struct subject_key about)
{
    return ((int64_t)(about.kind - 1) << KIND_SHIFT) + about.id;
}

static struct subject_key instant_about(int64_t key)
{
    return (struct subject_key){.kind = (int)(key >> KIND_SHIFT) + 1,
                                .id = key & ((INT64_C(1) << KIND_SHIFT) - 1)};
}

enum result store_put_next_instant(struct store *store, struct subject_key about, int64_t instant_s,
                                   struct err *err)
{
    enum statement statement =
        instant_s == 0 ? STATEMENT_NO_NEXT_INSTANT : STATEMENT_PUT_NEXT_INSTANT;
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_int(&q, instant_key(about));
    if (instant_s != 0)
        query_put_int(&q, instant_s);
    return query_run(&q, err);
}

enum result store_put_sooner_instant(struct store *store, struct subject_key about,
                                     int64_t instant_s, struct err *err)
{
    if (instant_s == 0)
        return OK;
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SOONER_INSTANT);
    query_put_int(&q, instant_key(about));
    query_put_int(&q, instant_s);
    return query_run(&q, err);
}

enum result store_next_instant(struct store *store, struct subject_key about, int64_t *ret_at_s,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_NEXT_INSTANT);
    query_put_int(&q, instant_key(about));
    *ret_at_s = 0;
    enum result result = query_one_int(&q, ret_at_s, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_due(struct store *store, int64_t now_s, uint32_t limit, instant_visit visit,
                      void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DUE);
    query_put_int(&q, now_s);
    query_put_int(&q, limit);
    int64_t key = 0;
    enum result result;
    while ((result = query_one_int(&q, &key, err)) == OK)
        TRY(visit(ctx, instant_about(key), err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_count(struct store *store, const struct counter *counter, int64_t add,
                        int64_t *ret_sum, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT);
    query_put_text(&q, text_of(counter->name));
    query_put_int(&q, counter->product);
    query_put_int(&q, counter->hour);
    query_put_int(&q, add);
    return query_one_int(&q, ret_sum, err);
}
