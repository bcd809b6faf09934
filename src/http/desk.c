/* The desk's life: the operators' listener between its two peers, core and reader. */
#include "desk.h"

#include <base/file.h>
#include <base/log.h>
#include <base/rand.h>
#include <crypto/start.h>
#include <proto/api.h>

#include <stdlib.h>
#include <string.h>

#define MESSAGES_A_TURN 256 /* then the listener gets its turn */

/* ---- what core and reader say --------------------------------------------------------------- */

/* A device's certificate opens nothing here; that somebody shows it is news to core. */
static void sighted(void *owner, const struct chain_claim *claim, int64_t handshake_s)
{
    struct desk *desk = owner;
    struct err err = {0};
    (void)handshake_s;
    if (claim->kind != CHAIN_LDEVID)
        return;
    struct msg_desk_sighting sighting = {
        .peer_issuer = claim->issuer,
        .peer_serial = bytes_of(claim->serial, claim->serial_n),
    };
    memcpy(sighting.peer_spki, claim->spki_hash, sizeof sighting.peer_spki);
    if (ipc_send(&desk->core, IPC_DESK_SIGHTING, &sighting, -1, &err) != OK)
        log_err(LEVEL_WARNING, "sighting-lost", &err, NULL);
}

/* Every answer begins with the id of the request. */
static void give(struct desk *desk, const struct ipc_message *message)
{
    struct request *request = request_find(desk->listener, message->answer_end.id);
    struct api_wait *wait = request == NULL ? NULL : request_context(request);
    if (wait != NULL && wait->take != NULL)
        wait->take(request, wait, message);
}

/* The operators' port answers from now on; the local socket did before. */
static enum result say_ready(struct desk *desk, struct err *err)
{
    const struct desk_setup *setup = desk->setup;
    if (desk->said_ready || !identity_has_certificate(desk->upkeep.identity))
        return OK;
    desk->said_ready = true;
    return role_send_ready(IPC_DESK, setup->supervisor_fd, &setup->sandbox, "", err);
}

static enum result take(struct desk *desk, struct ipc_message *message, struct err *err)
{
    bool is_upkeep = false;
    CLEANUP(fd_closep) int fd = message->fd;
    upkeep_take(&desk->upkeep, message, &is_upkeep);
    if (message->type == IPC_BROWNOUT)
        desk->is_core_loaded = message->brownout.is_loaded != 0;
    else if (!is_upkeep)
        give(desk, message);
    return say_ready(desk, err);
}

static enum result drain(struct desk *desk, struct ipc_channel *peer, struct err *err)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        struct ipc_message message;
        enum result result = ipc_receive(peer, &message, err);
        if (result == R_BUSY)
            return OK;
        TRY(result);
        TRY(take(desk, &message, err));
    }
    return OK;
}

static enum result core_ready(void *context, struct err *err)
{
    struct desk *desk = context;
    return drain(desk, &desk->core, err);
}

static enum result reader_ready(void *context, struct err *err)
{
    struct desk *desk = context;
    return drain(desk, &desk->reader, err);
}

static enum result supervisor_ready(void *context, struct err *err)
{
    struct desk *desk = context;
    bool is_over = false;
    TRY(reload_take(&desk->reload, &is_over, err));
    if (is_over)
        listener_stop(desk->listener);
    return OK;
}

static void tick(void *context)
{
    struct desk *desk = context;
    upkeep_tick(&desk->upkeep);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void desk_close(struct desk *desk)
{
    listener_freep(&desk->listener);
    upkeep_close(&desk->upkeep);
    ipc_close(&desk->core);
    ipc_close(&desk->reader);
    reload_close(&desk->reload);
}

static enum result open_channels(struct desk *desk, struct err *err)
{
    const struct desk_setup *setup = desk->setup;
    TRY(ipc_open(&desk->core, IPC_DESK, IPC_CORE, setup->core_fd, err));
    TRY(ipc_open(&desk->reader, IPC_DESK, IPC_READER, setup->reader_fd, err));
    return reload_open(&desk->reload, IPC_DESK, setup->supervisor_fd, setup->config, err);
}

static enum result open_listener(struct desk *desk, struct err *err)
{
    const struct desk_setup *setup = desk->setup;
    const struct config_limits *limits = &setup->config->limits;
    TRY(listener_new(limits, desk_routes, desk, &desk->listener, err));
    TRY(listener_add(desk->listener, SURFACE_OPERATOR, setup->listen_fd_tls, err));
    TRY(listener_add(desk->listener, SURFACE_LOCAL, setup->listen_fd_local, err));
    TRY(listener_watch(desk->listener, setup->core_fd, core_ready, desk, err));
    TRY(listener_watch(desk->listener, setup->reader_fd, reader_ready, desk, err));
    TRY(listener_watch(desk->listener, setup->supervisor_fd, supervisor_ready, desk, err));
    listener_set_tick(desk->listener, tick, desk);
    listener_set_sighted(desk->listener, sighted);
    return upkeep_open(&desk->upkeep, desk->listener, &desk->core, &desk->reload, err);
}

static enum result run(struct desk *desk, struct err *err)
{
    TRY(crypto_start(err));
    api_start((size_t)rand_below(SIZE_MAX) + 1);
    TRY(open_channels(desk, err));
    TRY(open_listener(desk, err));
    TRY(role_enter_sandbox(&desk->setup->sandbox, err));
    return listener_run(desk->listener, err);
}

int desk_run(const struct desk_setup *setup)
{
    CLEANUP(desk_close)
    struct desk desk = {.setup = setup, .core.fd = -1, .reader.fd = -1, .reload.up.fd = -1};
    struct err err = {0};
    if (run(&desk, &err) == OK)
        return 0;
    log_err(LEVEL_ERROR, "ended", &err, NULL);
    return error_find(err.code)->exit_status;
}
