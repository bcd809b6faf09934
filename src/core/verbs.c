/* Operators' verbs: each in a transaction of its own, before anything else of the turn. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>

#include <stdio.h>

#define ANSWER_MAX 4096 /* an encoded verb_answer that is kept for its Idempotency-Key */

/* A verb as the table calls it: `ask` is the message's struct, which starts with FIELDS_asked. */
typedef enum result (*verb)(struct service *service, const struct operator_is *who, const void *ask,
                            int64_t now_s, struct msg_verb_answer *answer, struct err *err);

#define CALL(name)                                                                                 \
    static enum result call_##name(struct service *service, const struct operator_is *who,         \
                                   const void *ask, int64_t now_s, struct msg_verb_answer *answer, \
                                   struct err *err)                                                \
    {                                                                                              \
        return verb_##name(service, who, ask, now_s, answer, err);                                 \
    }
CALL(product_add)
CALL(product_set)
CALL(anchor_add)
CALL(device_set)
CALL(cert_revoke)
CALL(finding_close)
CALL(token_add)
CALL(permit_add)
CALL(clock_accept)

static const struct row {
    enum ipc_type type;
    verb call;
    bool changes_trust; /* listeners verify against something else afterwards */
} rows[] = {
    {IPC_PRODUCT_ADD, call_product_add, false},     {IPC_PRODUCT_SET, call_product_set, false},
    {IPC_ANCHOR_ADD, call_anchor_add, true},        {IPC_DEVICE_SET, call_device_set, false},
    {IPC_CERT_REVOKE, call_cert_revoke, false},     {IPC_TOKEN_ADD, call_token_add, false},
    {IPC_PERMIT_ADD, call_permit_add, false},       {IPC_CLOCK_ACCEPT, call_clock_accept, false},
    {IPC_FINDING_CLOSE, call_finding_close, false},
};

/* What every verb's message starts with (ipc/messages.def, FIELDS_asked). */
struct asked {
    FIELDS_asked(IPC_C_FIELD)
};

static const struct row *find_row(enum ipc_type type)
{
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (rows[i].type == type)
            return &rows[i];
    return NULL;
}

void core_answer_verb(struct core *core, const struct msg_verb_answer *answer)
{
    struct err err = {0};
    if (ipc_send(&core->desk, IPC_VERB_ANSWER, answer, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

/* An Idempotency-Key is one operator's and one verb's: another's same key is another key. */
struct key {
    char text[LIMIT_NAME + 40];
};

static struct key key_of(const struct operator_is *who, enum ipc_type type, struct bytes key)
{
    struct key full = {0};
    snprintf(full.text, sizeof full.text, "%lld/%d/%.*s", (long long)who->row.id, type, (int)key.n,
             (const char *)key.p);
    return full;
}

/* Sends the answer that the key already has; false when there is none. */
static bool answer_again(struct core *core, const struct key *key, uint64_t id)
{
    uint8_t space[ANSWER_MAX];
    struct buf kept = buf_over(space, sizeof space);
    struct ipc_message message;
    if (store_answer(core->store, key->text, &kept, NULL) != OK ||
        ipc_decode(buf_bytes(&kept), &message, NULL) != OK)
        return false;
    message.verb_answer.id = id;
    core_answer_verb(core, &message.verb_answer);
    return true;
}

/* Keeps the answer without its secret: that is shown once. */
static enum result keep_answer(struct core *core, const struct key *key,
                               const struct msg_verb_answer *answer, struct err *err)
{
    uint8_t space[ANSWER_MAX];
    size_t n = 0;
    struct msg_verb_answer kept = *answer;
    kept.secret = bytes_of(NULL, 0);
    TRY(ipc_encode(IPC_VERB_ANSWER, &kept, space, sizeof space, &n, err));
    return store_put_answer(core->store, key->text, core->now_s, bytes_of(space, n), err);
}

static enum result run(struct core *core, const struct row *row, const struct operator_is *who,
                       const struct asked *asked, struct msg_verb_answer *answer, struct err *err)
{
    struct key key = key_of(who, row->type, asked->key);
    TRY(row->call(&core->service, who, asked, core->now_s, answer, err));
    if (asked->key.n > 0 && !asked->dry_run)
        TRY(keep_answer(core, &key, answer, err));
    return OK;
}

static void undo(struct core *core)
{
    store_rollback(core->store);
    ledger_rolled_back(core->service.ledger);
}

/* Begin, run, and commit or undo. A dry run says what would have been done, and undoes it. */
static enum result in_transaction(struct core *core, const struct row *row,
                                  const struct operator_is *who, const struct asked *asked,
                                  struct msg_verb_answer *answer, struct err *err)
{
    TRY(store_begin(core->store, err));
    enum result result = run(core, row, who, asked, answer, err);
    if (result == OK && !asked->dry_run)
        result = store_commit(core->store, err);
    if (result != OK || asked->dry_run) {
        undo(core);
        answer->secret = bytes_of(NULL, 0); /* a token that is nowhere stored opens nothing */
        return result;
    }
    ledger_committed(core->service.ledger);
    return OK;
}

void core_verb(struct core *core, const struct ipc_message *message)
{
    const struct row *row = find_row(message->type);
    const struct asked *asked = (const struct asked *)(const void *)&message->verb_answer;
    struct msg_verb_answer answer = {.id = asked->id};
    struct operator_is who = {0};
    struct err err = {0};
    turn_end(core);
    log_request_set(asked->request);

    enum result result = verb_operator(&core->service, asked->operator_spki, &who, &err);
    if (result == OK && asked->key.n > 0) {
        struct key key = key_of(&who, message->type, asked->key);
        if (answer_again(core, &key, asked->id))
            return;
    }
    if (result == OK)
        result = in_transaction(core, row, &who, asked, &answer, &err);
    if (result != OK) {
        answer = (struct msg_verb_answer){
            .id = asked->id, .code = err.code, .text = text_bytes(err.text)};
        if (result_is_ours(error_find(err.code)->kind))
            turn_fail(core, &err);
    }
    core->counts.verbs++;
    core_answer_verb(core, &answer);
    if (result == OK && row->changes_trust && !asked->dry_run && publish_trust(core, &err) != OK)
        log_err(LEVEL_ERROR, "trust-not-sent", &err, NULL);
}

void core_operator_add(struct core *core, const struct msg_operator_add *ask)
{
    struct err err = {0};
    struct operator_is who = {0};
    log_request_set(ask->request);
    struct job *job = job_new(&core->jobs, &core->desk, ask->id, ask->request);
    if (job == NULL)
        return; /* the desk's own deadline answers */
    enum result result = verb_operator(&core->service, ask->operator_spki, &who, &err);
    if (result == OK)
        result = enrol_operator(&core->service, &who, ask, core->now_s, &job->enrolment, &err);
    job->enrolment.kind = ENROL_OPERATOR;
    if (result == OK && job_is_busy(&core->jobs, 0, job->enrolment.spki_hash))
        result = err_set(&err, E_BUSY, "the same key is being certified");
    if (ask->dry_run)
        blob_free(&job->enrolment.der); /* shown when it is meant */
    if (result != OK || ask->dry_run) {
        job->enrolment.code = err.code;
        job->enrolment.why = err;
        job_finish(&core->jobs, job);
        return;
    }
    core_go_on(core, job, ask->csr);
}
