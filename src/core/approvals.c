/* Acts that take two people, from the signatures to the act (service/approval.h). */
#include "core.h"

#include <base/log.h>
#include <base/text.h>

/* Hands a request that enough people signed to the signer. */
static enum result hand_over(struct core *core, int64_t id, struct err *err)
{
    struct collected collected;
    struct approval_row row;
    bool is_ready = false;
    TRY(store_approval(core->store, id, &row, err));
    TRY(approval_collect(&core->service, &row, &collected, &is_ready, err));
    if (!is_ready || row.state != APPROVAL_OPEN)
        return OK;
    const struct msg_approve ask = {
        .id = (uint64_t)id,
        .body = bytes_of(row.body, row.body_n),
        .signatures = buf_bytes(&collected.people),
        .root_signature = buf_bytes(&collected.root),
    };
    return ipc_send(&core->signer, IPC_APPROVE, &ask, -1, err);
}

void core_approval_signed(struct core *core, int64_t id)
{
    struct err err = {0};
    if (hand_over(core, id, &err) != OK)
        log_err(LEVEL_WARNING, "approval-not-asked", &err, NULL);
}

static enum result resume(void *ctx, const struct approval_row *row, struct err *err)
{
    (void)err;
    if (row->expires_s >= ((struct core *)ctx)->now_s)
        core_approval_signed(ctx, row->id);
    return OK;
}

enum result core_approvals_resume(struct core *core, struct err *err)
{
    const struct filter open = {.open_only = true, .limit = UINT32_MAX};
    return store_approvals(core->store, &open, resume, core, err);
}

static enum result decide(struct core *core, const struct approved_act *act, struct enrolment *e,
                          struct err *err)
{
    const struct ipc_message *message = &act->message;
    return message->type == IPC_OPERATOR_ADD
               ? enrol_operator(&core->service, &act->who, &message->operator_add, core->now_s, e,
                                err)
               : enrol_operator_recover(&core->service, &act->who, &message->operator_recover,
                                        core->now_s, e, err);
}

/* An operator needs a certificate first: the act is recorded when the signer has made it. */
static enum result certify(struct core *core, const struct approved_act *act, struct err *err)
{
    const struct ipc_message *message = &act->message;
    struct job *job = job_new(&core->jobs, &core->desk, 0, bytes_of(NULL, 0));
    if (job == NULL)
        return err_set(err, E_BUSY, "too many requests are under way");
    enum result result = decide(core, act, &job->enrolment, err);
    if (result == OK && job_is_busy(&core->jobs, 0, job->enrolment.spki_hash))
        result = err_set(err, E_BUSY, "the same key is being certified");
    if (result != OK) {
        job_free(&core->jobs, job);
        return result;
    }
    job->enrolment.approval = core->service.used;
    core->service.used.row = 0;
    core_go_on(core, job,
               message->type == IPC_OPERATOR_ADD ? message->operator_add.csr
                                                 : message->operator_recover.csr);
    return OK;
}

static bool wants_certificate(enum ipc_type type)
{
    return type == IPC_OPERATOR_ADD || type == IPC_OPERATOR_RECOVER;
}

static enum result execute(struct core *core, const struct approval_row *row,
                           const struct msg_approved *approved, struct err *err)
{
    struct approved_act act = {0};
    struct watch watch;
    TRY(approval_open(&core->service, row, core->now_s, &act, err));
    bool certifies = wants_certificate(act.message.type);
    if (!certifies) {
        TRY(core_rehearse(core, &act.message, &act.who, &watch, NULL, err));
        TRY(approval_compare(&act, &watch, err));
    }
    approval_use(&core->service, row->id, approved);
    if (certifies)
        return certify(core, &act, err);
    return core_run_verb(core, &act.message, &act.who, err);
}

static enum result record_stale(struct core *core, const struct approval_row *row, struct err *err)
{
    TRY(turn_begin(core, err));
    TRY(approval_stale(&core->service, row, core->now_s, err));
    turn_end(core);
    return OK;
}

void core_approved(struct core *core, const struct msg_approved *approved)
{
    struct err err = {0}, why = {0};
    struct approval_row row;
    if (approved->code != E_NONE) {
        err_set(&why, (enum code)approved->code, "approval %llu: %.*s",
                (unsigned long long)approved->id, (int)approved->text.n,
                (const char *)approved->text.p);
        log_err(LEVEL_WARNING, "approval-refused", &why, NULL);
        return;
    }
    turn_end(core);
    core->journal = approved->journal;
    enum result result = store_approval(core->store, (int64_t)approved->id, &row, &err);
    if (result == OK)
        result = execute(core, &row, approved, &why);
    core->service.used.row = 0;
    if (result == OK)
        return;
    log_err(LEVEL_WARNING, "approval-not-executed", why.code != E_NONE ? &why : &err, NULL);
    if (result_is_ours(error_find(why.code)->kind))
        turn_fail(core, &why);
    else if (why.code != E_NONE && record_stale(core, &row, &err) != OK)
        turn_fail(core, &err);
}
