/* OCSP: a front asks, the rows say, the signer signs. Behind everything else: revocation goes
 * before issue, which goes before this (design 3). */
#include "core.h"

#include <base/log.h>
#include <service/said.h>

#include <stdlib.h>
#include <string.h>

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(struct core *core, struct ipc_channel *front, const struct msg_ocsp_answer *said)
{
    struct err err = {0};
    core->ocsp.answers++;
    if (ipc_post(front, IPC_OCSP_ANSWER, said, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

static void refuse(struct core *core, struct ipc_channel *front, uint64_t id,
                   enum ocsp_outcome outcome)
{
    answer(core, front, &(struct msg_ocsp_answer){.id = id, .outcome = (uint8_t)outcome});
}

static void wait_in_line(struct ocsp *ocsp, struct ocsp_ask *ask)
{
    struct ocsp_ask **end = ocsp->first == NULL ? &ocsp->first : &ocsp->last->next;
    *end = ocsp->last = ask;
    ask->next = NULL;
}

static void end_ask(struct core *core, struct ocsp_ask *ask)
{
    core->ocsp.with_signer -= ask->is_with_signer;
    core->ocsp.used--;
    ask->number = 0;
    ask->is_with_signer = false;
}

/* ---- a question comes ------------------------------------------------------------------------ */

/* All of one issuer, who answers for them together; 0: they are not. */
static uint32_t issuer_of(struct core *core, struct bytes ids, size_t *ret_n)
{
    struct reader r = reader_of(ids);
    struct ocsp_id id;
    uint32_t issuer = 0;
    *ret_n = 0;
    while (r.left > 0 && *ret_n < OCSP_IDS_MAX && ocsp_read_id(&r, &id)) {
        uint32_t found = responder_issuer_of(core, &id);
        if (found == 0 || (issuer != 0 && found != issuer))
            return 0;
        issuer = found;
        ++*ret_n;
    }
    return reader_end(&r) ? issuer : 0;
}

static struct ocsp_ask *new_ask(struct core *core)
{
    struct ocsp *ocsp = &core->ocsp;
    if (ocsp->asks == NULL)
        ocsp->asks = calloc(OCSP_ASKS_MAX, sizeof *ocsp->asks);
    if (ocsp->asks == NULL || ocsp->used == OCSP_ASKS_MAX)
        return NULL;
    do
        ocsp->number++;
    while (ocsp->asks[ocsp->number % OCSP_ASKS_MAX].number != 0);
    struct ocsp_ask *ask = &ocsp->asks[ocsp->number % OCSP_ASKS_MAX];
    ask->number = ocsp->number;
    ocsp->used++;
    return ask;
}

void core_ocsp_ask(struct core *core, struct ipc_channel *front, const struct msg_ocsp_ask *wish)
{
    size_t n = 0;
    uint32_t issuer = core->is_agreed ? issuer_of(core, wish->ids, &n) : 0;
    if (issuer == 0) {
        refuse(core, front, wish->id, core->is_agreed ? OCSP_UNAUTHORIZED : OCSP_TRY_LATER);
        return;
    }
    struct ocsp_ask *ask = new_ask(core);
    if (ask == NULL) {
        refuse(core, front, wish->id, OCSP_TRY_LATER);
        return;
    }
    ask->front = front;
    ask->front_id = wish->id;
    ask->issuer = issuer;
    ask->since_s = core->now_s;
    ask->may_keep = n == 1 && wish->nonce.n == 0;
    ask->ids_n = wish->ids.n;
    ask->nonce_n = wish->nonce.n;
    memcpy(ask->ids, wish->ids.p, wish->ids.n);
    if (wish->nonce.n > 0)
        memcpy(ask->nonce, wish->nonce.p, wish->nonce.n);
    wait_in_line(&core->ocsp, ask);
}

/* ---- what is said, to the signer ------------------------------------------------------------- */

static enum result say(struct core *core, const struct ocsp_ask *ask, struct buf *b,
                       bool *ret_is_there, struct err *err)
{
    struct reader r = reader_of(bytes_of(ask->ids, ask->ids_n));
    struct ocsp_id id;
    /* What a turn changed may be undone: then the rows are asked, and it is not remembered. */
    enum result (*look)(struct service *, uint32_t, struct bytes, struct ocsp_said *,
                        struct err *) = core->in_turn ? said_of_serial : said_recall;
    *ret_is_there = true;
    while (r.left > 0 && ocsp_read_id(&r, &id)) {
        struct ocsp_said said = {0};
        TRY(look(&core->service, ask->issuer, id.serial, &said, err));
        ocsp_said_write(b, &said);
        *ret_is_there = *ret_is_there && said.word != OCSP_SAYS_NEVER;
    }
    return OK;
}

static enum result ask_signer(struct core *core, struct ocsp_ask *ask, struct err *err)
{
    struct buf said = buf_over(ask->said, sizeof ask->said);
    const struct ocsp_responder *responder = &core->ocsp.responders[ask->issuer];
    bool is_there = false;
    ask->changes = core->service.said.count;
    TRY(say(core, ask, &said, &is_there, err));
    ask->said_n = said.n;
    ask->may_keep = ask->may_keep && is_there; /* numbers that nobody has are many */
    ask->this_update_s = core->now_s;
    ask->next_update_s = core->now_s + OCSP_WINDOW_S;
    if (ask->next_update_s > responder->ends_s)
        ask->next_update_s = responder->ends_s;
    const struct msg_sign_ocsp sign = {
        .id = ask->number,
        .issuer = ask->issuer,
        .ids = bytes_of(ask->ids, ask->ids_n),
        .said = buf_bytes(&said),
        .this_update_s = ask->this_update_s,
        .next_update_s = ask->next_update_s,
        .nonce = bytes_of(ask->nonce, ask->nonce_n),
    };
    TRY(ipc_post(&core->signer, IPC_SIGN_OCSP, &sign, err));
    ask->is_with_signer = true;
    core->ocsp.with_signer++;
    return OK;
}

static void refuse_and_end(struct core *core, struct ocsp_ask *ask, enum ocsp_outcome outcome)
{
    refuse(core, ask->front, ask->front_id, outcome);
    end_ask(core, ask);
}

/* True: it goes on waiting, for somebody to answer for its issuer or for room in the channel. */
static bool must_wait(struct core *core, struct ocsp_ask *ask)
{
    struct err err = {0};
    if (!responder_is_there(core, ask->issuer)) {
        if (core->now_s - ask->since_s < OCSP_WAIT_S)
            return true;
        refuse_and_end(core, ask, OCSP_TRY_LATER);
        return false;
    }
    enum result result = ask_signer(core, ask, &err);
    if (result != OK && result != R_BUSY) {
        log_err(LEVEL_ERROR, "ocsp-not-asked", &err, NULL);
        refuse_and_end(core, ask, OCSP_INTERNAL);
    }
    return result == R_BUSY;
}

void core_ocsp_step(struct core *core)
{
    struct ocsp *ocsp = &core->ocsp;
    struct ocsp_ask *ask = ocsp->first, *next = NULL;
    if (core->in_turn || ask == NULL)
        return;
    for (ocsp->first = NULL; ask != NULL; ask = next) {
        next = ask->next;
        if (ocsp->with_signer == OCSP_WITH_SIGNER_MAX || must_wait(core, ask))
            wait_in_line(ocsp, ask);
    }
}

/* Who has no room now gets it after a later turn. */
static void flush(struct ipc_channel *channel)
{
    struct err err = {0};
    enum result result = ipc_flush(channel, &err);
    if (result != OK && result != R_BUSY)
        log_err(LEVEL_WARNING, "ocsp-not-sent", &err, NULL);
}

void core_ocsp_flush(struct core *core)
{
    flush(&core->signer);
    for (unsigned i = 0; i < core->front_count; i++)
        flush(&core->fronts[i]);
}

/* ---- the signer's answer --------------------------------------------------------------------- */

/* What was said while the signer worked on it may be wrong now: it is not given away, but said
 * anew. */
static bool is_still_true(struct core *core, const struct ocsp_ask *ask)
{
    uint8_t space[OCSP_SAID_OCTETS];
    struct buf said = buf_over(space, sizeof space);
    struct err err = {0};
    bool is_there = false;
    if (ask->changes == core->service.said.count)
        return true;
    return say(core, ask, &said, &is_there, &err) == OK &&
           bytes_equal(buf_bytes(&said), bytes_of(ask->said, ask->said_n));
}

static void give(struct core *core, const struct ocsp_ask *ask, struct bytes response)
{
    answer(core, ask->front,
           &(struct msg_ocsp_answer){.id = ask->front_id,
                                     .outcome = OCSP_SUCCESSFUL,
                                     .may_keep = ask->may_keep,
                                     .this_update_s = ask->this_update_s,
                                     .next_update_s = ask->next_update_s,
                                     .response = response});
}

void core_ocsp_signed(struct core *core, const struct msg_signed_ocsp *signed_)
{
    struct ocsp *ocsp = &core->ocsp;
    struct ocsp_ask *ask = ocsp->asks == NULL ? NULL : &ocsp->asks[signed_->id % OCSP_ASKS_MAX];
    if (ask == NULL || ask->number != signed_->id || !ask->is_with_signer)
        return;
    if (signed_->code != E_NONE) {
        struct err why = {0};
        err_set(&why, (enum code)signed_->code, "%.*s", (int)signed_->text.n,
                (const char *)signed_->text.p);
        log_err(LEVEL_ERROR, "ocsp-not-signed", &why, NULL);
        refuse(core, ask->front, ask->front_id, OCSP_INTERNAL);
    } else if (is_still_true(core, ask)) {
        give(core, ask, signed_->response);
    } else {
        ask->is_with_signer = false;
        ocsp->with_signer--;
        wait_in_line(ocsp, ask);
        return;
    }
    end_ask(core, ask);
}

/* ---- what was kept and is wrong -------------------------------------------------------------- */

static void tell_front(struct core *core, unsigned at)
{
    struct said_changed *said = &core->service.said;
    struct ipc_channel *front = &core->fronts[at];
    struct msg_ocsp_changed all = {0};
    struct err err = {0};
    bool is_all = said->is_more || core->ocsp.owes_all[at];
    enum result result = OK;
    if (is_all)
        result = ipc_send(front, IPC_OCSP_CHANGED, &all, -1, &err);
    for (size_t i = 0; i < said->n && !is_all && result == OK; i++) {
        struct msg_ocsp_changed one = {bytes_of(said->serials[i], sizeof said->serials[i])};
        result = ipc_send(front, IPC_OCSP_CHANGED, &one, -1, &err);
    }
    core->ocsp.owes_all[at] = result == R_BUSY;
}

void core_ocsp_tell(struct core *core)
{
    struct said_changed *said = &core->service.said;
    for (unsigned i = 0; i < core->front_count; i++)
        if (said->n > 0 || said->is_more || core->ocsp.owes_all[i])
            tell_front(core, i);
    said->n = 0;
    said->is_more = false;
}

void core_ocsp_free(struct core *core)
{
    free(core->ocsp.asks);
    core->ocsp.asks = NULL;
}
