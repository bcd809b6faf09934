/* Enrolments between front, service and signer. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/prove.h>
#include <wire/spread.h>

#include <stdlib.h>

/* What the caller may know: until he has proved himself, only what depends on his request alone. */
static uint32_t told_code(const struct enrolment *enrolment)
{
    const struct error_info *info = error_find(enrolment->code);
    bool is_public = info->kind == R_INVALID || info->kind == R_LIMIT || info->kind == R_BUSY ||
                     info->kind == R_WAIT || info->kind == R_CRYPTO ||
                     enrolment->code == E_KEY_WEAK;
    if (enrolment->code == E_NONE || enrolment->is_proven || is_public)
        return enrolment->code;
    return result_is_ours(info->kind) || enrolment->code == E_CLOCK ? E_BUSY : E_PROOF;
}

static void answer_device(struct core *core, const struct job *job)
{
    const struct enrolment *e = &job->enrolment;
    struct msg_enrol_answer answer = {
        .id = job->asked_id,
        .code = told_code(e),
        .retry_after_s = e->retry_after_s,
        .text = text_bytes(e->why.text),
        .certificate = blob_bytes(&e->der),
    };
    struct err err = {0};
    if (answer.code != e->code) /* the caller's refusal is generic, and so is the front's line */
        log_err(LEVEL_INFO, "refused", &e->why, NULL);
    if (ipc_send(job->from, IPC_ENROL_ANSWER, &answer, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
    if (e->code != E_NONE)
        core->counts.refused++;
}

static void answer_listener(struct core *core, const struct job *job)
{
    struct msg_server_certificate answer = {
        .id = job->asked_id,
        .code = job->enrolment.code,
        .certificate = blob_bytes(&job->enrolment.der),
    };
    struct err err = {0};
    enum ipc_type type =
        job->from->peer == IPC_FRONT ? IPC_SERVER_CERTIFICATE : IPC_DESK_CERTIFICATE;
    if (ipc_send(job->from, type, &answer, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
    else if (job->from->peer == IPC_FRONT && answer.code == E_NONE)
        core->has_certificate[job->from - core->fronts] = true;
}

static void answer_operator(struct core *core, const struct job *job)
{
    if (job->asked_id == 0)
        return; /* people approved it: nobody waits on a connection */
    bool is_done = job->enrolment.code == E_NONE;
    bool is_again = job->enrolment.next == ENROL_ANSWER;
    struct msg_verb_answer answer = {
        .id = job->asked_id,
        .code = job->enrolment.code,
        .text = text_bytes(job->enrolment.why.text),
        .object = job->enrolment.operator_id,
        .created = is_done && !is_again,
        .unchanged = is_done && is_again,
        .certificate = blob_bytes(&job->enrolment.der),
    };
    core_answer_verb(core, &answer);
}

void core_answer(struct core *core, struct job *job)
{
    log_request_set(text_bytes(job->request));
    switch (job->enrolment.kind) {
    case ENROL_DEVICE:
    case ENROL_BOUNDARY:
        answer_device(core, job);
        break;
    case ENROL_SERVER:
        answer_listener(core, job);
        break;
    case ENROL_OPERATOR:
        answer_operator(core, job);
        break;
    case ENROL_RESPONDER:
        responder_certified(core, job);
        break;
    case ENROL_NOBODY:
        break;
    }
    job_free(&core->jobs, job);
}

static void fail_job(struct core *core, struct job *job, const struct err *why)
{
    job->enrolment.code = why->code;
    job->enrolment.why = *why;
    job_finish(&core->jobs, job);
}

/* Hands the job to the signer, or finishes it. */
void core_go_on(struct core *core, struct job *job, struct bytes csr)
{
    struct err err = {0};
    enum result result = OK;
    struct enrolment *e = &job->enrolment;
    if (e->next == ENROL_ANSWER) {
        job_finish(&core->jobs, job);
        return;
    }
    if (e->next == ENROL_CHECK) {
        struct msg_check_csr check = {
            .id = job_id(job), .request = text_bytes(job->request), .csr = csr};
        result = ipc_send(&core->signer, IPC_CHECK_CSR, &check, -1, &err);
    } else {
        struct msg_sign sign = enrol_sign_message(e, job_id(job), csr);
        sign.request = text_bytes(job->request);
        result = ipc_send(&core->signer, IPC_SIGN, &sign, -1, &err);
    }
    if (result != OK)
        fail_job(core, job, &err);
    else
        job_hold(&core->jobs, job);
}

/* Who is refused without a look at him comes back at some instant of this time, each his own. */
#define BUSY_SPREAD_S 60

static void refuse_busy(struct ipc_channel *front, const struct msg_enrol *ask)
{
    struct msg_enrol_answer busy = {
        .id = ask->id,
        .code = E_BUSY,
        .retry_after_s = 1 + spread_below(ask->spki, BUSY_SPREAD_S),
    };
    struct err err = {0};
    if (ipc_send(front, IPC_ENROL_ANSWER, &busy, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

static void refuse_waiting(struct waiting *waiting)
{
    struct ipc_message message;
    if (waiting != NULL && ipc_decode(bytes_of(waiting->encoded, waiting->n), &message, NULL) == OK)
        refuse_busy(waiting->from, &message.enrol);
    free(waiting);
}

static void wait_or_refuse(struct core *core, struct ipc_channel *front,
                           const struct msg_enrol *ask, int64_t since_s)
{
    struct waiting *out = NULL;
    if (job_wait(&core->jobs, front, ask, since_s, &out))
        refuse_waiting(out);
    else
        refuse_busy(front, ask);
}

/* Decides, and hands on to the signer; `since_s` is when the request came. */
static void begin(struct core *core, struct ipc_channel *front, const struct msg_enrol *ask,
                  int64_t since_s)
{
    struct err err = {0};
    struct job *job = job_new(&core->jobs, front, ask->id, ask->request);
    if (job == NULL) {
        refuse_busy(front, ask);
        return;
    }
    if (turn_begin(core, &err) != OK ||
        enrol_decide(&core->service, ask, core->now_s, &job->enrolment, &err) != OK) {
        job_free(&core->jobs, job);
        refuse_busy(front, ask);
        turn_fail(core, &err);
        return;
    }
    const struct enrolment *e = &job->enrolment;
    if (e->next != ENROL_ANSWER && job_is_busy(&core->jobs, e->subject.device.id, e->spki_hash)) {
        job_free(&core->jobs, job);
        wait_or_refuse(core, front, ask, since_s);
        return;
    }
    core_go_on(core, job, ask->csr);
}

void core_enrol(struct core *core, struct ipc_channel *front, const struct msg_enrol *ask)
{
    log_request_set(ask->request);
    if (!core->is_agreed)
        refuse_busy(front, ask);
    else if (!jobs_have_room(&core->jobs))
        wait_or_refuse(core, front, ask, core->now_s);
    else
        begin(core, front, ask, core->now_s);
}

/* Its client has heard from the front that there was no answer in time. */
static bool is_over(const struct core *core, const struct waiting *waiting)
{
    return core->now_s - waiting->since_s > core->service.limits.request_ms / 1000;
}

static void retry(struct core *core, struct waiting *waiting)
{
    struct ipc_message message;
    if (!is_over(core, waiting) &&
        ipc_decode(bytes_of(waiting->encoded, waiting->n), &message, NULL) == OK) {
        log_request_set(message.enrol.request);
        begin(core, waiting->from, &message.enrol, waiting->since_s);
    }
    free(waiting);
}

void core_retry_waiting(struct core *core)
{
    struct waiting *waiting = core->jobs.waiting;
    core->jobs.waiting = NULL;
    core->jobs.waiting_n = 0;
    while (waiting != NULL) {
        struct waiting *next = waiting->next;
        if (jobs_have_room(&core->jobs))
            retry(core, waiting);
        else
            job_wait_again(&core->jobs, waiting);
        waiting = next;
    }
}

void core_server_csr(struct core *core, struct ipc_channel *from, const struct msg_server_csr *ask)
{
    struct err err = {0};
    struct job *job = job_new(&core->jobs, from, ask->id, bytes_of(NULL, 0));
    if (job == NULL)
        return; /* the listener asks again */
    job->enrolment.is_next_site = ask->is_next == 1;
    if (enrol_server(&core->service, ask->spki, core->now_s, &job->enrolment, &err) != OK)
        fail_job(core, job, &err);
    else
        core_go_on(core, job, ask->csr);
}

void core_tell_lost(struct core *core, int64_t id)
{
    struct device device = {0};
    struct product product = {0};
    struct err err = {0};
    core->counts.lost_seen++;
    if (store_device(core->store, id, &device, &err) != OK ||
        store_product(core->store, device.product, &product, &err) != OK)
        return;
    log_event(LEVEL_WARNING, "lost-device-seen", {"product", product.name},
              {"serial", device.serial_number});
}

void core_sighting(struct core *core, const struct msg_sighting *sighting)
{
    struct err err = {0};
    int64_t lost = 0;
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = prove_sighting(&core->service, sighting, core->now_s, &lost, &err);
    if (result != OK && result != R_NOT_FOUND)
        turn_fail(core, &err);
    if (result == OK && lost != 0)
        core_tell_lost(core, lost);
}

void core_desk_sighting(struct core *core, const struct msg_desk_sighting *sighting)
{
    struct err err = {0};
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = prove_by_person(&core->service, sighting, core->now_s, &err);
    if (result != OK && result != R_NOT_FOUND)
        turn_fail(core, &err);
}

static void commit_job(struct core *core, struct job *job, const struct msg_sign_answer *answer)
{
    struct err err = {0};
    bool is_live = false;
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = enrol_commit(&core->service, &job->enrolment, answer->certificate, core->now_s,
                              &is_live, &err);
    core->journal = answer->journal;
    if (result == OK && is_live && blob_copy(answer->certificate, &job->enrolment.der) != OK)
        is_live = false;
    job->enrolment.code = is_live ? E_NONE : E_BUSY;
    core->counts.issued += is_live;
    core->counts.orphaned += !is_live;
    job_finish(&core->jobs, job);
    if (result != OK)
        turn_fail(core, &err);
}

static void take_refusal(struct core *core, struct job *job, uint32_t code, struct bytes text)
{
    struct err why = {.code = (enum code)code};
    if (!text_copy(text, why.text, sizeof why.text))
        why.text[0] = '\0';
    log_err(LEVEL_WARNING, "signer-refused", &why, NULL);
    fail_job(core, job, &why);
}

void core_sign_answer(struct core *core, const struct msg_sign_answer *answer)
{
    struct job *job = job_find(&core->jobs, answer->id);
    if (job == NULL || job->is_finished)
        return;
    log_request_set(text_bytes(job->request));
    if (answer->code == E_NONE)
        commit_job(core, job, answer);
    else
        take_refusal(core, job, answer->code, answer->text);
}

/* Only a refusal whose CSR was signed by its key enters a timeline or opens a finding. */
void core_checked(struct core *core, const struct msg_checked_csr *checked)
{
    struct err err = {0};
    struct job *job = job_find(&core->jobs, checked->id);
    if (job == NULL || job->is_finished)
        return;
    log_request_set(text_bytes(job->request));
    if (checked->code != E_NONE) {
        job->enrolment.is_proven = false;
        job_finish(&core->jobs, job);
        return;
    }
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = enrol_refuse(&core->service, &job->enrolment, core->now_s, &err);
    job_finish(&core->jobs, job);
    if (result != OK)
        turn_fail(core, &err);
}
