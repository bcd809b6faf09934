#include "front_state.h"

#include <base/file.h>
#include <base/log.h>
#include <base/rand.h>
#include <base/secret.h>
#include <crypto/start.h>
#include <proto/api.h>

#include <stdlib.h>
#include <string.h>

/* Messages taken from core before the listener gets its turn again. */
#define DRAIN_MAX 256

static void front_freep(struct front **owned)
{
    struct front *front = STEAL(*owned);
    if (front == NULL)
        return;
    listener_freep(&front->listener);
    upkeep_close(&front->upkeep);
    blob_free(&front->cacerts);
    ocsp_cache_free(&front->ocsp.cache);
    blob_free(&front->boundary_cacerts);
    feed_free(&front->feed);
    ipc_close(&front->core);
    reload_close(&front->reload);
    secret_wipe(front, sizeof *front);
    free(front);
}

/* ---- what comes from core -------------------------------------------------------------------- */

/* No answer is expected: a sighting that is lost comes again with the next connection. */
static void sighted(void *owner, const struct chain_claim *claim, int64_t handshake_s)
{
    struct front *front = owner;
    struct msg_sighting sighting = {
        .peer_issuer = claim->issuer,
        .peer_serial = bytes_of(claim->serial, claim->serial_n),
        .handshake_s = handshake_s,
    };
    memcpy(sighting.peer_spki, claim->spki_hash, sizeof sighting.peer_spki);
    struct err err = {0};
    if (ipc_send(&front->core, IPC_SIGHTING, &sighting, -1, &err) != OK)
        log_err(LEVEL_WARNING, "sighting-lost", &err, NULL);
}

static enum result say_ready(struct front *front, struct err *err)
{
    if (front->said_ready || !identity_has_certificate(front->upkeep.identity))
        return OK;
    front->said_ready = true;
    return role_send_ready(IPC_FRONT, front->setup->supervisor_fd, &front->setup->sandbox, "", err);
}

static enum result take(struct front *front, const struct ipc_message *message, struct err *err)
{
    if (message->type == IPC_ENROL_ANSWER) {
        est_take_answer(front, &message->enrol_answer);
        return OK;
    }
    if (message->type == IPC_CSRATTRS_ANSWER) {
        est_take_csrattrs(front, &message->csrattrs_answer);
        return OK;
    }
    if (message->type == IPC_OCSP_ANSWER) {
        ocsp_take_answer(front, &message->ocsp_answer);
        return OK;
    }
    if (message->type == IPC_OCSP_CHANGED) {
        ocsp_take_changed(front, &message->ocsp_changed);
        return OK;
    }
    if (feed_take(front, message))
        return OK;
    bool is_taken = false;
    upkeep_take(&front->upkeep, message, &is_taken);
    if (message->type == IPC_TRUST_END && front->upkeep.authorities != NULL)
        return est_build_cacerts(front, err);
    return is_taken ? say_ready(front, err)
                    : err_set(err, E_BUG, "core sent %s", ipc_name(message->type));
}

static enum result drain_core(void *context, struct err *err)
{
    struct front *front = context;
    for (int i = 0; i < DRAIN_MAX || ipc_has_more(&front->core); i++) {
        struct ipc_message message;
        enum result result = ipc_receive(&front->core, &message, err);
        if (result == R_BUSY)
            return OK;
        TRY(result);
        fd_closep(&message.fd); /* no message for a front carries one */
        TRY(take(front, &message, err));
    }
    return OK;
}

static enum result supervisor_spoke(void *context, struct err *err)
{
    struct front *front = context;
    bool is_over = false;
    TRY(reload_take(&front->reload, &is_over, err));
    if (is_over)
        listener_stop(front->listener);
    return OK;
}

static void tick(void *context)
{
    struct front *front = context;
    upkeep_tick(&front->upkeep);
}

/* ---- the life of the process ----------------------------------------------------------------- */

static enum result front_open(const struct front_setup *setup, struct front **ret, struct err *err)
{
    CLEANUP(front_freep) struct front *front = calloc(1, sizeof *front);
    if (front == NULL)
        return err_set(err, E_MEMORY, "front");
    front->setup = setup;
    front->core.fd = front->reload.up.fd = -1;
    const struct config_limits *limits = &setup->config->limits;
    TRY(crypto_start(err));
    api_start((size_t)rand_below(SIZE_MAX) + 1);
    TRY(ipc_open(&front->core, IPC_FRONT, IPC_CORE, setup->core_fd, err));
    TRY(reload_open(&front->reload, IPC_FRONT, setup->supervisor_fd, setup->config, err));
    TRY(listener_new(limits, routes, front, &front->listener, err));
    TRY(upkeep_open(&front->upkeep, front->listener, &front->core, &front->reload, err));
    TRY(listener_add(front->listener, SURFACE_DEVICE, setup->listen_fd_tls, err));
    TRY(listener_add(front->listener, SURFACE_PLAIN, setup->listen_fd_plain, err));
    TRY(listener_watch(front->listener, setup->core_fd, drain_core, front, err));
    TRY(listener_watch(front->listener, setup->supervisor_fd, supervisor_spoke, front, err));
    listener_set_sighted(front->listener, sighted);
    listener_set_boundaries(front->listener, feed_knows);
    listener_set_tick(front->listener, tick, front);
    *ret = STEAL(front);
    return OK;
}

static enum result front_live(const struct front_setup *setup, struct err *err)
{
    CLEANUP(front_freep) struct front *front = NULL;
    TRY(front_open(setup, &front, err));
    TRY(role_enter_sandbox(&setup->sandbox, err));
    return listener_run(front->listener, err);
}

int front_run(const struct front_setup *setup)
{
    struct err err = {0};
    if (front_live(setup, &err) == OK)
        return 0;
    log_err(LEVEL_ERROR, "front-ended", &err, NULL);
    return error_find(err.code)->exit_status;
}
