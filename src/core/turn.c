/* One turn of the loop: whatever was waiting is one batch, one transaction, one fsync. */
#include "core.h"

#include <base/log.h>

enum result turn_begin(struct core *core, struct err *err)
{
    if (core->in_turn)
        return OK;
    TRY(store_begin(core->store, err));
    core->in_turn = true;
    return OK;
}

enum result turn_part_begin(struct core *core, struct err *err)
{
    TRY(turn_begin(core, err));
    TRY(store_part_begin(core->store, err));
    ledger_part_begun(core->service.ledger);
    return OK;
}

enum result turn_part_keep(struct core *core, struct err *err)
{
    return store_part_keep(core->store, err);
}

/* A full disk is everybody's, what is damaged is too, and what a write left on it nobody knows. */
static bool ends_turn(const struct core *core, const struct err *why)
{
    enum result kind = error_find(why->code)->kind;
    return store_must_exit(core->store) || kind == R_IO || kind == R_CORRUPT;
}

enum result turn_part_undo(struct core *core, struct err *why)
{
    if (ends_turn(core, why))
        return error_find(why->code)->kind;
    TRY(store_part_undo(core->store, why));
    ledger_part_undone(core->service.ledger);
    return OK;
}

static void answer_finished(struct core *core)
{
    struct job *job = core->jobs.finished;
    core->jobs.finished = NULL;
    while (job != NULL) {
        struct job *next = job->next_finished;
        core_answer(core, job);
        job = next;
    }
    log_request_set(bytes_of(NULL, 0));
}

void turn_fail(struct core *core, const struct err *why)
{
    log_err(LEVEL_ERROR, "turn-failed", why, NULL);
    store_rollback(core->store);
    ledger_rolled_back(core->service.ledger);
    status_forget(&core->service);
    core->in_turn = false;
    if (store_must_exit(core->store) || why->code == E_SYNC ||
        error_find(why->code)->kind == R_CORRUPT) {
        core->exit_status = 1; /* nobody knows what is on the disk: never retry (design 5, Time) */
        return;
    }

    for (struct job *job = core->jobs.finished; job != NULL; job = job->next_finished) {
        job->enrolment.code = E_BUSY;
        blob_free(&job->enrolment.der);
    }
    bool signed_some = core->journal != 0;
    core->journal = 0;
    answer_finished(core);
    core_answer_reports(core, E_BUSY);
    ballast_drop(core);
    struct err err = {0};
    if (signed_some && agree_ask(core, &err) != OK)
        core->exit_status = 1;
}

static enum result commit(struct core *core, struct err *err)
{
    if (core->journal != 0)
        TRY(store_put_meta(core->store, SERVICE_META_JOURNAL, (int64_t)core->journal, err));
    return store_commit(core->store, err);
}

void turn_end(struct core *core)
{
    struct err err = {0};
    if (core->in_turn && commit(core, &err) != OK) {
        turn_fail(core, &err);
        return;
    }
    if (core->in_turn)
        ledger_committed(core->service.ledger);
    core->in_turn = false;
    core_ocsp_tell(core);
    core->journal = 0;
    answer_finished(core);
    core_answer_reports(core, E_NONE);
}
