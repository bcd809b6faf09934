#include "upkeep.h"

#include <base/clock.h>
#include <base/log.h>

#include <string.h>

#define ASK_AGAIN_MS 5000 /* core is starting, or restoring: it does not answer yet */

/* How long a handshake may last with a certificate that was replaced. */
static int64_t keep_ms(const struct config *config)
{
    return INT64_C(2) * config->limits.handshake_ms;
}

/* ---- a reload -------------------------------------------------------------------------------- */

static enum result ask(struct upkeep *upkeep, bool is_next, struct err *err);

static bool has_same_names(const struct config *a, const struct config *b)
{
    bool same = a->server_name_count == b->server_name_count;
    for (uint32_t i = 0; same && i < a->server_name_count; i++)
        same = strcmp(a->server_names[i], b->server_names[i]) == 0;
    return same;
}

/* New names count once there is a certificate with them: else nothing counts. */
static enum result prepare(void *owner, const struct config *next, struct err *err)
{
    struct upkeep *upkeep = owner;
    if (has_same_names(upkeep->reload->config, next))
        return OK;
    upkeep->is_asking = false; /* what is under way has the former names */
    TRY(ask(upkeep, true, err));
    upkeep->next_id = upkeep->asked_id;
    upkeep->is_preparing = true;
    return R_WAIT;
}

static void put_in_use(struct upkeep *upkeep);

static void commit(void *owner, const struct config *now)
{
    struct upkeep *upkeep = owner;
    upkeep->is_preparing = false;
    upkeep->keep_ms = keep_ms(now);
    listener_set_limits(upkeep->listener, &now->limits);
    put_in_use(upkeep);
}

static void abandon(void *owner)
{
    struct upkeep *upkeep = owner;
    upkeep->next_id = 0;
    upkeep->is_preparing = false;
    identity_abandon(upkeep->identity);
}

static const struct reload_hooks reload_hooks = {prepare, commit, abandon, NULL};

/* ---- begin and end --------------------------------------------------------------------------- */

enum result upkeep_open(struct upkeep *upkeep, struct listener *listener, struct ipc_channel *core,
                        struct reload *reload, struct err *err)
{
    *upkeep = (struct upkeep){
        .listener = listener, .core = core, .reload = reload, .keep_ms = keep_ms(reload->config)};
    reload_set_hooks(reload, &reload_hooks, upkeep);
    TRY(identity_new(&upkeep->identity, err));
    listener_set_identity(listener, upkeep->identity);
    return OK;
}

void upkeep_close(struct upkeep *upkeep)
{
    identity_freep(&upkeep->identity);
    authorities_freep(&upkeep->authorities);
    authorities_freep(&upkeep->coming);
    makers_freep(&upkeep->makers);
    makers_freep(&upkeep->coming_makers);
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

static enum result add_maker(struct upkeep *upkeep, const struct msg_desk_maker *message,
                             struct err *err)
{
    const struct maker_in in = {message->id, message->use, message->product, message->certificate};
    if (upkeep->coming_makers == NULL)
        TRY(makers_new(&upkeep->coming_makers, err));
    return makers_add(upkeep->coming_makers, &in, err);
}

static void take_maker(struct upkeep *upkeep, const struct msg_desk_maker *message)
{
    struct err err = {0};
    if (add_maker(upkeep, message, &err) != OK)
        log_err(LEVEL_ERROR, "anchor-refused", &err, NULL);
}

static void swap_makers(struct upkeep *upkeep)
{
    makers_freep(&upkeep->makers);
    upkeep->makers = STEAL(upkeep->coming_makers);
}

/* After a rollover the listener's own chain is another, and nobody waits for its certificate to
 * end.
 */
static void look_at_chain(struct upkeep *upkeep)
{
    uint8_t hash[SHA256_N];
    authorities_chain_hash(upkeep->authorities, hash);
    upkeep->is_stale = memcmp(hash, upkeep->chain_hash, sizeof hash) != 0;
    memcpy(upkeep->chain_hash, hash, sizeof hash);
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
        makers_freep(&upkeep->coming_makers);
        return;
    }
    listener_set_chains(upkeep->listener, authorities_chains(upkeep->coming));
    authorities_freep(&upkeep->authorities);
    upkeep->authorities = STEAL(upkeep->coming);
    swap_makers(upkeep);
    look_at_chain(upkeep);
    log_event(LEVEL_INFO, "authorities", {"count", log_number(count).text});
}

/* ---- the certificate ------------------------------------------------------------------------- */

static enum result ask(struct upkeep *upkeep, bool is_next, struct err *err)
{
    struct bytes spki = identity_spki(upkeep->identity), csr = identity_csr(upkeep->identity);
    uint64_t id = ++upkeep->asked_id;
    if (upkeep->core->me == IPC_DESK) {
        struct msg_desk_csr desk = {.id = id, .is_next = is_next, .spki = spki, .csr = csr};
        return ipc_send(upkeep->core, IPC_DESK_CSR, &desk, -1, err);
    }
    struct msg_server_csr front = {.id = id, .is_next = is_next, .spki = spki, .csr = csr};
    return ipc_send(upkeep->core, IPC_SERVER_CSR, &front, -1, err);
}

static enum result prepare_identity(struct upkeep *upkeep,
                                    const struct msg_server_certificate *message, struct err *err)
{
    if (message->code != 0)
        return err_set(err, (enum code)message->code, "core gave no TLS certificate");
    struct identity_chain chain = {.certificate = message->certificate};
    if (upkeep->authorities != NULL) {
        chain.issuer = authorities_issuer_of(upkeep->authorities, CHAIN_AUTHORITY_OPERATIONS,
                                             message->certificate);
        chain.link = authorities_link_of(upkeep->authorities, chain.issuer);
    }
    return identity_prepare(upkeep->identity, &chain, err);
}

static void put_in_use(struct upkeep *upkeep)
{
    int64_t drop_ms = listener_now_ms(upkeep->listener) + upkeep->keep_ms;
    if (identity_commit(upkeep->identity, drop_ms))
        log_event(LEVEL_INFO, "tls-certificate",
                  {"renew_s", log_number(identity_renew_s(upkeep->identity)).text});
}

/* The certificate for the next names, which is kept ready. */
static void take_next(struct upkeep *upkeep, const struct msg_server_certificate *message)
{
    struct err why = {0}, err = {0};
    upkeep->next_id = 0;
    if (prepare_identity(upkeep, message, &why) != OK)
        log_err(LEVEL_ERROR, "tls-certificate-refused", &why, NULL);
    if (reload_prepared(upkeep->reload, &why, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

static void take_certificate(struct upkeep *upkeep, const struct msg_server_certificate *message)
{
    struct err err = {0};
    if (upkeep->next_id != 0 && message->id == upkeep->next_id) {
        take_next(upkeep, message);
        return;
    }
    if (!upkeep->is_asking || message->id != upkeep->asked_id)
        return; /* an answer that came too late: asked again since */
    upkeep->is_asking = false;
    if (prepare_identity(upkeep, message, &err) == OK) {
        put_in_use(upkeep);
        upkeep->is_stale = false;
    } else
        log_err(LEVEL_ERROR, "tls-certificate-refused", &err, NULL);
}

static bool is_time_to_ask(const struct upkeep *upkeep, int64_t now_ms)
{
    bool is_due = upkeep->is_stale || clock_now_s() >= identity_renew_s(upkeep->identity);
    bool is_early = upkeep->asked_id > 0 && now_ms < upkeep->asked_ms + ASK_AGAIN_MS;
    return upkeep->authorities != NULL && is_due && !is_early && !upkeep->is_preparing;
}

void upkeep_tick(struct upkeep *upkeep)
{
    int64_t now_ms = listener_now_ms(upkeep->listener);
    identity_drop_old(upkeep->identity, now_ms);
    if (!is_time_to_ask(upkeep, now_ms))
        return;
    struct err err = {0};
    upkeep->asked_ms = now_ms;
    upkeep->is_asking = ask(upkeep, false, &err) == OK;
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
    else if (message->type == IPC_DESK_MAKER)
        take_maker(upkeep, &message->desk_maker);
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
