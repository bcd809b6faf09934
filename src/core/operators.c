/* Verbs of operators that end in a certificate: the signer makes it, or people are asked first. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/recover.h>

/* One of them under way. */
struct asking {
    enum ipc_type type;
    const void *ask; /* the message's struct */
    uint64_t id;
    bool dry_run;
    struct bytes csr;
    struct operator_is who;
    struct job *job;
};

/* The request for people, instead of a certificate. */
static enum result ask_for_people(struct core *core, const struct asking *asking, struct err *err)
{
    struct watch nothing = {.changes = buf_over(nothing.space, sizeof nothing.space)};
    struct msg_verb_answer answer = {.id = asking->id, .created = 1};
    TRY(turn_begin(core, err));
    const struct approval_wish wish = {asking->type, asking->ask, &nothing};
    TRY(approval_ask(&core->service, &asking->who, &wish, core->now_s, &answer, err));
    turn_end(core);
    core_answer_verb(core, &answer);
    return OK;
}

static bool begin(struct core *core, struct asking *asking, struct bytes request)
{
    log_request_set(request);
    asking->job = job_new(&core->jobs, &core->desk, asking->id, request);
    return asking->job != NULL; /* else the desk's own deadline answers */
}

/* What was decided: certified, asked of people, refused, or only shown. */
static void conclude(struct core *core, const struct asking *asking, bool waits, enum result result,
                     struct err *err)
{
    struct job *job = asking->job;
    struct enrolment *e = &job->enrolment;
    e->kind = ENROL_OPERATOR;
    if (result == OK && job_is_busy(&core->jobs, 0, e->spki_hash))
        result = err_set(err, E_BUSY, "the same key is being certified");
    bool asks = result == OK && waits && e->next == ENROL_SIGN && !asking->dry_run;
    if (asks)
        result = ask_for_people(core, asking, err);
    if (asks && result == OK) {
        job_free(&core->jobs, job);
        return;
    }
    if (result == OK && !asking->dry_run) {
        core_go_on(core, job, asking->csr);
        return;
    }
    if (asking->dry_run)
        blob_free(&e->der); /* shown when it is meant */
    e->code = err->code;
    e->why = *err;
    job_finish(&core->jobs, job);
}

void core_operator_add(struct core *core, const struct msg_operator_add *ask)
{
    struct err err = {0};
    struct asking asking = {IPC_OPERATOR_ADD, ask,   ask->id, ask->dry_run != 0,
                            ask->csr,         {{0}}, NULL};
    if (!begin(core, &asking, ask->request))
        return;
    struct enrolment *e = &asking.job->enrolment;
    enum result result = verb_operator(&core->service, ask->operator_spki, &asking.who, &err);
    if (result == OK)
        result = enrol_operator(&core->service, &asking.who, ask, core->now_s, e, &err);
    bool waits = asking.who.actor.kind == ACTOR_OPERATOR &&
                 approval_is_wanted(&core->service, IPC_OPERATOR_ADD);
    conclude(core, &asking, waits, result, &err);
}

void core_operator_renew(struct core *core, const struct msg_operator_renew *ask)
{
    struct err err = {0};
    struct asking asking = {IPC_OPERATOR_RENEW, ask,   ask->id, ask->dry_run != 0,
                            ask->csr,           {{0}}, NULL};
    if (!begin(core, &asking, ask->request))
        return;
    struct enrolment *e = &asking.job->enrolment;
    enum result result = verb_operator(&core->service, ask->operator_spki, &asking.who, &err);
    if (result == OK)
        result = enrol_operator_renew(&core->service, &asking.who, ask, core->now_s, e, &err);
    conclude(core, &asking, false, result, &err);
}

void core_operator_recover(struct core *core, const struct msg_operator_recover *wish)
{
    struct err err = {0};
    struct msg_operator_recover ask = *wish;
    struct asking asking = {
        IPC_OPERATOR_RECOVER, &ask, ask.id, ask.dry_run != 0, ask.csr, {{0}}, NULL};
    if (!begin(core, &asking, ask.request))
        return;
    struct enrolment *e = &asking.job->enrolment;
    enum result result = verb_operator(&core->service, ask.operator_spki, &asking.who, &err);
    if (result == OK)
        result = recover_complete(&core->service, &asking.who, &ask, &err);
    if (result == OK)
        result = enrol_operator_recover(&core->service, &asking.who, &ask, core->now_s, e, &err);
    bool waits = result == OK && recover_waits(&core->service, &asking.who, &ask);
    conclude(core, &asking, waits, result, &err);
}
