/* Receivers of events, and the key that they verify by. */
#include "answer.h"

enum result give_webhook(const struct query *query, const struct webhook_row *row, struct err *err)
{
    const struct msg_webhook_row given = {
        .id = query->asked->id,
        .name = query_text(row->name),
        .queued = row->queued,
        .sent = row->sent,
        .failed = row->failed,
        .dropped = row->dropped,
        .given_up = row->given_up,
        .oldest_s = row->oldest_s,
        .sent_at_s = row->sent_at_s,
        .failed_at_s = row->failed_at_s,
        .failure = query_text(row->failure),
    };
    return query->give(query->context, IPC_WEBHOOK_ROW, &given, err);
}

static enum result visit(void *context, const struct webhook_row *row, struct err *err)
{
    return give_webhook(context, row, err);
}

enum result query_webhooks(struct query *query, struct err *err)
{
    return store_webhooks(query->store, visit, query, err);
}

enum result query_webhook_key(struct query *query, struct err *err)
{
    struct msg_webhook_key_row row = {.id = query->asked->id};
    enum result result = store_webhook_key(query->store, row.key, &row.since_s, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "the signer has not told its key yet");
    TRY(result);
    return query->give(query->context, IPC_WEBHOOK_KEY_ROW, &row, err);
}
