#include "upkeep.h"

#include <base/clock.h>
#include <base/log.h>

#define ASK_AGAIN_MS 5000 /* core is starting, or restoring: it does not answer yet */

enum result upkeep_open(struct upkeep *upkeep, struct listener *listener, struct ipc_channel *core,
                        int64_t keep_ms, struct err *err)
{
    *upkeep = (struct upkeep){.listener = listener, .core = core, .keep_ms = keep_ms};
    TRY(identity_new(&upkeep->identity, err));
    listener_set_identity(listener, upkeep->identity);
    return OK;
}

void upkeep_close(struct upkeep *upkeep)
{
    identity_freep(&upkeep->identity);
    authorities_freep(&upkeep->authorities);
    authorities_freep(&upkeep->coming);
}

/* ---- authorities ----------------------------------------------------------------------------- */

static enum result add(struct upkeep *upkeep, const struct msg_authority *message, struct err *err)
{
    struct chain_trust trust = {
        .id = message->id,
        .kind = message->kind < CHAIN_AUTHORITY_COUNT ? message->kind : CHAIN_AUTHORITY_NONE,
        .product = message->product,
        .certificate = message->certificate,
    };
    if (upkeep->coming == NULL)
        TRY(authorities_new(&upkeep->coming, err));
    return authorities_add(upkeep->coming, &trust, err);
}

static void take_authority(struct upkeep *upkeep, const struct msg_authority *message)
{
    struct err err = {0};
    upkeep->coming_n++;
    if (add(upkeep, message, &err) != OK)
        log_err(LEVEL_ERROR, "authority-refused", &err, NULL);
}

/* Swaps the set. One that did not come whole is no set: the former stays. An authority that was
 * refused for itself is left out and must not stop the others. */
static void take_end(struct upkeep *upkeep, uint32_t count)
{
    struct err err = {0};
    uint32_t came = upkeep->coming_n;
    upkeep->coming_n = 0;
    if (came != count || upkeep->coming == NULL) {
        err_set(&err, E_CERTIFICATE, "authorities: saw %u, want %u", came, count);
        log_err(LEVEL_ERROR, "authorities-refused", &err, NULL);
        authorities_freep(&upkeep->coming);
        return;
    }
    listener_set_chains(upkeep->listener, authorities_chains(upkeep->coming));
    authorities_freep(&upkeep->authorities);
    upkeep->authorities = STEAL(upkeep->coming);
    log_event(LEVEL_INFO, "authorities", {"count", log_number(count).text});
}

/* ---- the certificate ------------------------------------------------------------------------- */

static enum result ask(struct upkeep *upkeep, struct err *err)
{
    struct bytes spki = identity_spki(upkeep->identity), csr = identity_csr(upkeep->identity);
    uint64_t id = ++upkeep->asked_id;
    if (upkeep->core->me == IPC_DESK) {
        struct msg_desk_csr desk = {.id = id, .spki = spki, .csr = csr};
        return ipc_send(upkeep->core, IPC_DESK_CSR, &desk, -1, err);
    }
    struct msg_server_csr front = {.id = id, .spki = spki, .csr = csr};
    return ipc_send(upkeep->core, IPC_SERVER_CSR, &front, -1, err);
}

static enum result set(struct upkeep *upkeep, const struct msg_server_certificate *message,
                       struct err *err)
{
    if (message->code != 0)
        return err_set(err, (enum code)message->code, "core gave no TLS certificate");
    struct bytes issuer = {0};
    if (upkeep->authorities != NULL)
        issuer = authorities_issuer_of(upkeep->authorities, CHAIN_AUTHORITY_OPERATIONS,
                                       message->certificate);
    return identity_set(upkeep->identity, message->certificate, issuer,
                        listener_now_ms(upkeep->listener) + upkeep->keep_ms, err);
}

static void take_certificate(struct upkeep *upkeep, const struct msg_server_certificate *message)
{
    if (!upkeep->is_asking || message->id != upkeep->asked_id)
        return; /* an answer that came too late: asked again since */
    upkeep->is_asking = false;
    struct err err = {0};
    if (set(upkeep, message, &err) != OK)
        log_err(LEVEL_ERROR, "tls-certificate-refused", &err, NULL);
    else
        log_event(LEVEL_INFO, "tls-certificate",
                  {"renew_s", log_number(identity_renew_s(upkeep->identity)).text});
}

static bool is_time_to_ask(const struct upkeep *upkeep, int64_t now_ms)
{
    bool is_due = clock_now_s() >= identity_renew_s(upkeep->identity);
    bool is_early = upkeep->asked_id > 0 && now_ms < upkeep->asked_ms + ASK_AGAIN_MS;
    return upkeep->authorities != NULL && is_due && !is_early;
}

void upkeep_tick(struct upkeep *upkeep)
{
    int64_t now_ms = listener_now_ms(upkeep->listener);
    identity_drop_old(upkeep->identity, now_ms);
    if (!is_time_to_ask(upkeep, now_ms))
        return;
    struct err err = {0};
    upkeep->asked_ms = now_ms;
    upkeep->is_asking = ask(upkeep, &err) == OK;
    if (!upkeep->is_asking)
        log_err(LEVEL_WARNING, "tls-certificate-not-asked", &err, NULL);
}

/* The desk's messages are the front's under numbers of their own: who may send what to whom is a
 * row of the table. */
void upkeep_take(struct upkeep *upkeep, const struct ipc_message *message, bool *ret_taken)
{
    const struct msg_desk_authority *a = &message->desk_authority;
    const struct msg_desk_certificate *c = &message->desk_certificate;
    *ret_taken = true;
    if (message->type == IPC_AUTHORITY)
        take_authority(upkeep, &message->authority);
    else if (message->type == IPC_DESK_AUTHORITY)
        take_authority(upkeep, &(struct msg_authority){a->id, a->kind, a->product, a->certificate});
    else if (message->type == IPC_TRUST_END)
        take_end(upkeep, message->trust_end.count);
    else if (message->type == IPC_DESK_TRUST_END)
        take_end(upkeep, message->desk_trust_end.count);
    else if (message->type == IPC_SERVER_CERTIFICATE)
        take_certificate(upkeep, &message->server_certificate);
    else if (message->type == IPC_DESK_CERTIFICATE)
        take_certificate(upkeep, &(struct msg_server_certificate){c->id, c->code, c->certificate});
    else
        *ret_taken = false;
    if (message->type == IPC_TRUST_END || message->type == IPC_DESK_TRUST_END)
        upkeep_tick(upkeep); /* at start it is what the certificate waits for */
}
