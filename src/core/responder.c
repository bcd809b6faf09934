/* Who answers in OCSP: for each issuer that somebody asked about, a key of the signer's with a
 * certificate that is issued and recorded as every other one, made anew at half of its life. */
#include "core.h"

#include <base/log.h>
#include <trust/standing.h>

#include <string.h>

#define RESPONDER_RETRY_S 10 /* after one that did not come */

static enum result ask_key(struct core *core, uint32_t issuer, struct err *err)
{
    struct msg_ocsp_key_ask ask = {.issuer = issuer};
    TRY(ipc_send(&core->signer, IPC_OCSP_KEY_ASK, &ask, -1, err));
    core->ocsp.responders[issuer].asked_s = core->now_s;
    return OK;
}

bool responder_is_there(struct core *core, uint32_t issuer)
{
    struct ocsp_responder *responder = &core->ocsp.responders[issuer];
    struct err err = {0};
    bool is_due = core->now_s >= responder->renew_s;
    bool may_ask = responder->asked_s == 0 ||
                   core->now_s - responder->asked_s >= RESPONDER_RETRY_S ||
                   core->now_s < responder->asked_s;
    if (is_due && may_ask && ask_key(core, issuer, &err) != OK)
        log_err(LEVEL_WARNING, "responder-not-asked", &err, NULL);
    return responder->ends_s > core->now_s;
}

/* ---- the key, and the certificate over it ---------------------------------------------------- */

void core_ocsp_key(struct core *core, const struct msg_ocsp_key *key)
{
    struct err err = {0};
    if (key->code != E_NONE) {
        err_set(&err, (enum code)key->code, "%.*s", (int)key->text.n, (const char *)key->text.p);
        log_err(LEVEL_ERROR, "responder-has-no-key", &err, NULL);
        return;
    }
    struct job *job = job_new(&core->jobs, &core->signer, key->issuer, bytes_of(NULL, 0));
    if (job == NULL)
        return; /* it is asked for again */
    if (enrol_responder(&core->service, key->issuer, key->spki, core->now_s, &job->enrolment,
                        &err) == OK) {
        core_go_on(core, job, key->csr);
        return;
    }
    log_err(LEVEL_ERROR, "responder-not-certified", &err, NULL);
    job_free(&core->jobs, job);
}

void responder_certified(struct core *core, const struct job *job)
{
    const struct enrolment *e = &job->enrolment;
    struct ocsp_responder *responder = &core->ocsp.responders[e->by_issuer];
    struct msg_ocsp_delegate bring = {.issuer = e->by_issuer, .certificate = blob_bytes(&e->der)};
    struct err err = e->why;
    enum result result = OK;
    if (e->code == E_NONE)
        result = ipc_send(&core->signer, IPC_OCSP_DELEGATE, &bring, -1, &err);
    if (e->code != E_NONE || result != OK) {
        log_err(LEVEL_ERROR, "responder-not-certified", &err, NULL);
        return;
    }
    responder->asked_s = 0;
    responder->ends_s = e->grant.not_after_s;
    responder->renew_s = e->grant.not_before_s + (e->grant.not_after_s - e->grant.not_before_s) / 2;
}

/* ---- whose certificates they are ------------------------------------------------------------- */

/* Roots' keys are not here, and one that has ended opens nothing. */
static bool is_in_use(const struct core *core, uint32_t issuer)
{
    const struct pki_issuer *row = &core->service.issuers[issuer];
    return row->id != 0 && row->kind != PKI_ISSUER_ROOT &&
           !service_issuer_has_ended(&core->service, issuer);
}

static bool read_name(struct core *core, uint32_t issuer)
{
    struct ocsp_responder *responder = &core->ocsp.responders[issuer];
    struct err err = {0};
    if (!responder->is_named)
        responder->is_named = ocsp_issuer_read(blob_bytes(&core->service.issuer_der[issuer]),
                                               &responder->name, &err) == OK;
    return responder->is_named;
}

uint32_t responder_issuer_of(struct core *core, const struct ocsp_id *id)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (is_in_use(core, i) && read_name(core, i) &&
            ocsp_issuer_is(&core->ocsp.responders[i].name, id))
            return i;
    return 0;
}
