/* The overview: who asks, and how many there are of what he may see. */
#include "answer.h"

#include <registry/sweep.h>
#include <trust/words.h>

#include <stdio.h>

#define HELD_MAX 20

/* A group of counts, and how its keys are called. */
struct group {
    const struct query *query;
    const char *what;
    const char *(*word)(int64_t key, char space[LIMIT_NAME]);
};

static const char *device_word(int64_t key, char space[LIMIT_NAME])
{
    (void)space;
    return device_state_word((enum device_state)key);
}

static const char *cert_word(int64_t key, char space[LIMIT_NAME])
{
    (void)space;
    return cert_state_word((enum cert_state)key);
}

static const char *check_word(int64_t key, char space[LIMIT_NAME])
{
    snprintf(space, LIMIT_NAME, "TD-%02d", (int)key);
    return space;
}

static enum result give_count(const struct query *query, const char *what, const char *key,
                              int64_t value, struct err *err)
{
    const struct msg_count_row row = {query->asked->id, query_text(what), query_text(key), value};
    return query->give(query->context, IPC_COUNT_ROW, &row, err);
}

static enum result visit(void *context, int64_t key, int64_t n, struct err *err)
{
    const struct group *group = context;
    char space[LIMIT_NAME];
    return give_count(group->query, group->what, group->word(key, space), n, err);
}

static enum result give_group(const struct query *query, const char *name, struct group group,
                              struct err *err)
{
    return store_counts(query->store, name, query_scope(query), visit, &group, err);
}

static enum result give_ledger(const struct query *query, struct err *err)
{
    uint64_t size = 0;
    int64_t at_s = 0;
    TRY(store_last_entry(query->store, &size, &at_s, err));
    TRY(give_count(query, QUESTION_COUNT_LEDGER, QUESTION_KEY_ENTRIES, (int64_t)size, err));
    return give_count(query, QUESTION_COUNT_LEDGER, QUESTION_KEY_LAST_AT, at_s, err);
}

/* ---- what a person should look at -------------------------------------------------------------
 */

static enum result give_held(void *context, const struct finding *finding, struct err *err)
{
    return give_finding(context, finding, err);
}

/* It does not take what is sent to it now, or did not once and lost something. */
static bool is_in_trouble(const struct webhook_row *webhook)
{
    return webhook->given_up > 0 || webhook->dropped > 0 ||
           webhook->failed_at_s > webhook->sent_at_s;
}

static enum result give_troubled(void *context, const struct webhook_row *row, struct err *err)
{
    return is_in_trouble(row) ? give_webhook(context, row, err) : OK;
}

/* Nothing of it is an owner's. */
static enum result give_trouble(struct query *query, struct err *err)
{
    if (query_scope(query).n > 0)
        return OK;
    TRY(store_held_findings(query->store, HELD_MAX, give_held, query, err));
    return store_webhooks(query->store, give_troubled, query, err);
}

/* Of the whole, and no business of one owner. */
static enum result give_sweep(const struct query *query, struct err *err)
{
    struct sweep_cursor sweep = {0};
    int64_t left = 0;
    if (query_scope(query).n > 0)
        return OK;
    TRY(sweep_read(query->store, &sweep, err));
    TRY(sweep_left(query->store, &sweep, &left, err));
    TRY(give_count(query, QUESTION_COUNT_SWEEP, QUESTION_KEY_LEFT, left, err));
    return give_count(query, QUESTION_COUNT_SWEEP, QUESTION_KEY_BEGAN, sweep.began_s, err);
}

enum result query_status(struct query *query, struct err *err)
{
    const struct group devices = {query, QUESTION_COUNT_DEVICES, device_word};
    const struct group certificates = {query, QUESTION_COUNT_CERTIFICATES, cert_word};
    const struct group findings = {query, QUESTION_COUNT_FINDINGS, check_word};
    TRY(give_operator(query, &query->who, err));
    TRY(give_group(query, "device", devices, err));
    TRY(give_group(query, "certificate", certificates, err));
    TRY(give_group(query, "finding", findings, err));
    TRY(give_trouble(query, err));
    TRY(give_ledger(query, err));
    return give_sweep(query, err);
}

enum result query_checkpoint(struct query *query, struct err *err)
{
    uint8_t memory[4096];
    struct buf note = buf_over(memory, sizeof memory);
    uint64_t size = 0;
    enum result result = store_last_note(query->store, &size, &note, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "no checkpoint was signed yet");
    TRY(result);
    const struct msg_entry_row row = {query->asked->id, size, 0, bytes_of(NULL, 0),
                                      buf_bytes(&note)};
    return query->give(query->context, IPC_ENTRY_ROW, &row, err);
}
