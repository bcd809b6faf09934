/* Operators' verbs: each in a transaction of its own, before anything else of the turn. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/issuer.h>
#include <service/policy.h>

#include <stdio.h>

#define ANSWER_MAX 16384 /* an encoded verb_answer that is kept for its Idempotency-Key */

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
CALL(policy_set)
CALL(waiver_add)
CALL(waiver_grant)
CALL(waiver_end)
CALL(anchor_add)
CALL(device_set)
CALL(cert_revoke)
CALL(finding_close)
CALL(webhook_test)
CALL(bulk_run)
CALL(token_add)
CALL(permit_add)
CALL(clock_accept)
CALL(backup_note)
CALL(approval_sign)
CALL(approval_root)
CALL(approval_withdraw)
CALL(approver_set)
CALL(issuer_add)
CALL(issuer_retire)
CALL(issuer_force)
CALL(operator_set)
CALL(operator_remove)
CALL(operator_settle)
CALL(transfer_release)
CALL(transfer_sign)
CALL(transfer_abort)
CALL(boundary_add)
CALL(boundary_set)
CALL(boundary_fail_open)
CALL(boundary_remove)
CALL(binding_add)
CALL(binding_remove)

static const struct row {
    enum ipc_type type;
    verb call;
    bool changes_trust; /* listeners verify against something else afterwards */
} rows[] = {
    {IPC_PRODUCT_ADD, call_product_add, false},
    {IPC_PRODUCT_SET, call_product_set, false},
    {IPC_POLICY_SET, call_policy_set, false},
    {IPC_WAIVER_ADD, call_waiver_add, false},
    {IPC_WAIVER_GRANT, call_waiver_grant, false},
    {IPC_WAIVER_END, call_waiver_end, false},
    {IPC_ANCHOR_ADD, call_anchor_add, true},
    {IPC_DEVICE_SET, call_device_set, false},
    {IPC_CERT_REVOKE, call_cert_revoke, false},
    {IPC_BULK_RUN, call_bulk_run, false},
    {IPC_TOKEN_ADD, call_token_add, false},
    {IPC_PERMIT_ADD, call_permit_add, false},
    {IPC_CLOCK_ACCEPT, call_clock_accept, false},
    {IPC_BACKUP_NOTE, call_backup_note, false},
    {IPC_FINDING_CLOSE, call_finding_close, false},
    {IPC_WEBHOOK_TEST, call_webhook_test, false},
    {IPC_APPROVAL_SIGN, call_approval_sign, false},
    {IPC_APPROVAL_ROOT, call_approval_root, false},
    {IPC_APPROVAL_WITHDRAW, call_approval_withdraw, false},
    {IPC_APPROVER_SET, call_approver_set, false},
    {IPC_ISSUER_ADD, call_issuer_add, true},
    {IPC_ISSUER_RETIRE, call_issuer_retire, true},
    {IPC_ISSUER_FORCE, call_issuer_force, true},
    {IPC_OPERATOR_SET, call_operator_set, false},
    {IPC_OPERATOR_REMOVE, call_operator_remove, false},
    {IPC_OPERATOR_SETTLE, call_operator_settle, false},
    {IPC_TRANSFER_RELEASE, call_transfer_release, false},
    {IPC_TRANSFER_SIGN, call_transfer_sign, false},
    {IPC_TRANSFER_ABORT, call_transfer_abort, false},
    {IPC_BOUNDARY_ADD, call_boundary_add, false},
    {IPC_BOUNDARY_SET, call_boundary_set, false},
    {IPC_BOUNDARY_FAIL_OPEN, call_boundary_fail_open, false},
    {IPC_BOUNDARY_REMOVE, call_boundary_remove, false},
    {IPC_BINDING_ADD, call_binding_add, false},
    {IPC_BINDING_REMOVE, call_binding_remove, false},
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

/* The verb's own struct, which starts with what all have. */
static const struct asked *asked_of(const struct ipc_message *message)
{
    return (const struct asked *)(const void *)&message->enrol;
}

enum result core_rehearse(struct core *core, const struct ipc_message *message,
                          const struct operator_is *who, struct watch *watch,
                          struct msg_verb_answer *answer, struct err *err)
{
    const struct row *row = find_row(message->type);
    struct msg_verb_answer unused = {0};
    TRY(store_begin(core->store, err));
    approval_watch_begin(&core->service, watch);
    enum result result = row->call(&core->service, who, asked_of(message), core->now_s,
                                   answer != NULL ? answer : &unused, err);
    approval_watch_end(&core->service);
    undo(core);
    if (approval_count(&core->service, err) != OK)
        return R_IO;
    return result;
}

enum result core_run_verb(struct core *core, const struct ipc_message *message,
                          const struct operator_is *who, struct err *err)
{
    const struct row *row = find_row(message->type);
    struct msg_verb_answer answer = {0};
    TRY(turn_begin(core, err));
    enum result result =
        row->call(&core->service, who, asked_of(message), core->now_s, &answer, err);
    if (result != OK) {
        undo(core);
        core->in_turn = false;
        return result;
    }
    turn_end(core);
    core->bulk.may_run = true;
    if (row->changes_trust)
        TRY(publish_trust(core, err));
    return OK;
}

/* What people sign says more than what was asked: core adds what it knows. */
static enum result complete(struct core *core, struct ipc_message *message, struct err *err)
{
    if (message->type == IPC_APPROVER_SET)
        return approval_complete(&core->service, &message->approver_set, err);
    if (message->type == IPC_ISSUER_ADD)
        return issuer_complete(&message->issuer_add, err);
    if (message->type == IPC_POLICY_SET)
        return policy_complete(&core->service, &message->policy_set, err);
    return OK;
}

/* What waits for another person is recorded instead of done. */
enum result core_ask_people(struct core *core, const struct ipc_message *message,
                            const struct operator_is *who, struct msg_verb_answer *answer,
                            struct err *err)
{
    struct watch watch;
    struct ipc_message full = *message;
    TRY(complete(core, &full, err));
    TRY(core_rehearse(core, &full, who, &watch, answer, err));
    TRY(store_begin(core->store, err));
    const struct approval_wish wish = {message->type, asked_of(&full), &watch};
    enum result result = approval_ask(&core->service, who, &wish, core->now_s, answer, err);
    if (result == OK && asked_of(message)->key.n > 0) {
        struct key key = key_of(who, message->type, asked_of(message)->key);
        result = keep_answer(core, &key, answer, err);
    }
    if (result == OK)
        result = store_commit(core->store, err);
    if (result != OK) {
        undo(core);
        return result;
    }
    ledger_committed(core->service.ledger);
    return OK;
}

/* A dry run of what takes two people says what it would do. */
static enum result rehearse_only(struct core *core, const struct ipc_message *message,
                                 const struct operator_is *who, struct msg_verb_answer *answer,
                                 struct err *err)
{
    struct watch watch;
    struct ipc_message full = *message;
    TRY(complete(core, &full, err));
    TRY(core_rehearse(core, &full, who, &watch, answer, err));
    answer->secret = bytes_of(NULL, 0);
    return OK;
}

static enum result do_verb(struct core *core, const struct row *row,
                           const struct ipc_message *message, const struct operator_is *who,
                           struct msg_verb_answer *answer, struct err *err)
{
    const struct asked *asked = asked_of(message);
    bool waits = who->actor.kind == ACTOR_OPERATOR && approval_is_wanted(&core->service, row->type);
    if (!waits)
        return in_transaction(core, row, who, asked, answer, err);
    return asked->dry_run ? rehearse_only(core, message, who, answer, err)
                          : core_ask_people(core, message, who, answer, err);
}

/* True: it is to be done again. The first to find the disk full may be who ends a trust, and what
 * it lacked was given back for him. */
static bool has_room_now(struct core *core, enum result result, struct err *err)
{
    bool had_room = !core->service.stops_issuing;
    if (result == OK || !result_is_ours(error_find(err->code)->kind))
        return false;
    turn_fail(core, err);
    return had_room && core->service.stops_issuing && core->exit_status < 0;
}

void core_verb(struct core *core, const struct ipc_message *message)
{
    const struct row *row = find_row(message->type);
    const struct asked *asked = asked_of(message);
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
    bool waits = false;
    if (result == OK)
        result = core_trial_begin(core, message, &who, &waits, &err);
    if (waits)
        return;
    if (result == OK)
        result = do_verb(core, row, message, &who, &answer, &err);
    if (has_room_now(core, result, &err)) {
        answer = (struct msg_verb_answer){.id = asked->id};
        result = do_verb(core, row, message, &who, &answer, &err);
        (void)has_room_now(core, result, &err);
    }
    if (result != OK)
        answer = (struct msg_verb_answer){
            .id = asked->id, .code = err.code, .text = text_bytes(err.text)};
    core->counts.verbs++;
    core_answer_verb(core, &answer);
    bool is_done = result == OK && !asked->dry_run && answer.approval == 0;
    if (is_done && row->changes_trust && publish_trust(core, &err) != OK)
        log_err(LEVEL_ERROR, "trust-not-sent", &err, NULL);
    if (is_done && row->type == IPC_APPROVAL_SIGN)
        core_approval_signed(core, message->approval_sign.approval);
    if (is_done && row->type == IPC_APPROVAL_ROOT)
        core_approval_signed(core, message->approval_root.approval);
}
