#include "database.h"

#include <store/outbox.h>

#include <string.h>

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

enum result store_put_outbox(struct store *store, const struct outbox_row *row, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_OUTBOX);
    query_put_text(&q, text_of(row->hook));
    query_put_text(&q, text_of(row->subject));
    query_put_text(&q, text_of(row->message));
    query_put_int(&q, row->created_s);
    query_put_blob(&q, bytes_of(row->body, row->body_n));
    return query_run(&q, err);
}

enum result store_outbox(struct store *store, int64_t id, struct outbox_row *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_OUTBOX);
    query_put_int(&q, id);
    TRY(query_next(&q, err));
    ret->id = id;
    query_text(&q, ret->hook, sizeof ret->hook);
    query_text(&q, ret->subject, sizeof ret->subject);
    query_text(&q, ret->message, sizeof ret->message);
    ret->created_s = query_int(&q);
    ret->tries = query_u32(&q);
    struct bytes body = query_bytes(&q);
    if (body.n > sizeof ret->body)
        return err_set(err, E_STORE_CORRUPT, "event %lld has a body above %d octets", (long long)id,
                       OUTBOX_BODY_MAX);
    ret->body_n = body.n;
    memcpy(ret->body, body.n > 0 ? body.p : ret->body, body.n);
    return query_row_ok(&q, err);
}

static enum result ids(struct store *store, enum statement statement, const char *hook,
                       int64_t until_s, struct outbox_ids *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_text(&q, text_of(hook));
    query_put_int(&q, until_s);
    query_put_int(&q, OUTBOX_IDS_MAX);
    return query_ids(&q, ret->ids, OUTBOX_IDS_MAX, &ret->n, err);
}

enum result store_due_outbox(struct store *store, const char *hook, int64_t now_s,
                             struct outbox_ids *ret, struct err *err)
{
    return ids(store, STATEMENT_DUE_OUTBOX, hook, now_s, ret, err);
}

enum result store_old_outbox(struct store *store, const char *hook, int64_t before_s,
                             struct outbox_ids *ret, struct err *err)
{
    return ids(store, STATEMENT_OLD_OUTBOX, hook, before_s, ret, err);
}

enum result store_delay_outbox(struct store *store, int64_t id, int64_t due_s, uint32_t tries,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DELAY_OUTBOX);
    query_put_int(&q, due_s);
    query_put_int(&q, tries);
    query_put_int(&q, id);
    return query_run(&q, err);
}

static enum result drop(struct store *store, int64_t id, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_OUTBOX);
    query_put_int(&q, id);
    return query_run(&q, err);
}

enum result store_drop_outbox(struct store *store, const struct outbox_row *row, int64_t now_s,
                              struct err *err)
{
    TRY(drop(store, row->id, err));
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_NEXT_OUTBOX);
    query_put_int(&q, now_s);
    query_put_text(&q, text_of(row->hook));
    query_put_text(&q, text_of(row->subject));
    return query_run(&q, err);
}

/* ---- receivers ------------------------------------------------------------------------------- */

static enum result next_webhook(struct query *query, struct webhook_row *ret, struct err *err)
{
    TRY(query_next(query, err));
    query_text(query, ret->name, sizeof ret->name);
    ret->queued = query_int(query);
    ret->sent = query_int(query);
    ret->failed = query_int(query);
    ret->dropped = query_int(query);
    ret->given_up = query_int(query);
    ret->sent_at_s = query_int(query);
    ret->failed_at_s = query_int(query);
    query_text(query, ret->failure, sizeof ret->failure);
    ret->oldest_s = query_int(query);
    return query_row_ok(query, err);
}

enum result store_webhook(struct store *store, const char *name, struct webhook_row *ret,
                          struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WEBHOOK);
    query_put_text(&q, text_of(name));
    return next_webhook(&q, ret, err);
}

enum result store_webhooks(struct store *store, webhook_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WEBHOOKS);
    struct webhook_row row;
    enum result result;
    while ((result = next_webhook(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_add_webhook(struct store *store, const struct webhook_row *add, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_ADD_WEBHOOK);
    query_put_text(&q, text_of(add->name));
    query_put_int(&q, add->queued);
    query_put_int(&q, add->sent);
    query_put_int(&q, add->failed);
    query_put_int(&q, add->dropped);
    query_put_int(&q, add->given_up);
    query_put_int(&q, add->sent_at_s);
    query_put_int(&q, add->failed_at_s);
    query_put_text(&q, text_of(add->failure));
    return query_run(&q, err);
}

enum result store_drop_webhook(struct store *store, const char *name, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DROP_WEBHOOK);
    query_put_text(&q, text_of(name));
    return query_run(&q, err);
}

enum result store_webhook_key(struct store *store, uint8_t ret[32], int64_t *ret_since_s,
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_WEBHOOK_KEY);
    TRY(query_next(&q, err));
    bool is_there = query_hash(&q, ret, 32);
    *ret_since_s = query_int(&q);
    TRY(query_row_ok(&q, err));
    return is_there ? OK : err_set(err, E_STORE_CORRUPT, "the webhooks' key is no key");
}

enum result store_put_webhook_key(struct store *store, const uint8_t key[32], int64_t now_s,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_WEBHOOK_KEY);
    query_put_blob(&q, bytes_of(key, 32));
    query_put_int(&q, now_s);
    return query_run(&q, err);
}
