/* Core's life: open, enter the sandbox, agree with the signer, loop. */
#include "core.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/start.h>
#include <registry/measure.h>
#include <service/finding.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DUE_A_TICK 200 /* devices judged again by time in one tick */
#define FORGET_EVERY_S 3600

static enum result open_store(struct core *core, struct err *err)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s/troth.db", core->config->data, ROLE_FOLDER_STORE);
    TRY(store_open(path, STORE_WRITE, &core->store, err));
    return service_open(&core->service, core->store, core->config, core->now_s, err);
}

static enum result open_public(struct core *core, struct err *err)
{
    core->public_dir = open(core->config->public_files, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (core->public_dir < 0)
        return err_set(err, E_IO, "%s: %s", core->config->public_files, strerror(errno));
    TRY(publish_open(core, err));
    TRY(boundaries_open(core, err));
    return feed_open(core, err);
}

static enum result open_channels(struct core *core, const struct core_setup *setup, struct err *err)
{
    for (unsigned i = 0; i < setup->front_count; i++) {
        TRY(ipc_open(&core->fronts[i], IPC_CORE, IPC_FRONT, setup->front_fds[i], err));
        core->front_count++;
    }
    TRY(ipc_open(&core->desk, IPC_CORE, IPC_DESK, setup->desk_fd, err));
    TRY(ipc_open(&core->courier, IPC_CORE, IPC_COURIER, setup->courier_fd, err));
    return ipc_open(&core->signer, IPC_CORE, IPC_SIGNER, setup->signer_fd, err);
}

/* Takes what waits in one channel; a peer that breaks the rules ends the server. */
static void drain(struct core *core, struct ipc_channel *channel)
{
    struct ipc_message message;
    struct err err = {0};
    for (int i = 0; i < CORE_DRAIN && channel->fd >= 0 && core->exit_status < 0; i++) {
        enum result result = ipc_receive(channel, &message, &err);
        if (result == R_BUSY)
            return;
        if (result == R_UNREACHABLE) { /* it ended: the supervisor sees that, and ends us all */
            ipc_close(channel);
            return;
        }
        if (result != OK) {
            log_err(LEVEL_ERROR, "channel-broken", &err, NULL);
            core->exit_status = 1;
            return;
        }
        core_handle(core, channel, &message);
    }
}

/* Nothing is signed, nobody is served before journal and ledger were compared. */
static enum result agree(struct core *core, struct err *err)
{
    TRY(agree_ask(core, err));
    while (!core->is_agreed && core->exit_status < 0 && core->signer.fd >= 0) {
        struct pollfd set[] = {{.fd = core->signer.fd, .events = POLLIN},
                               {.fd = core->reload.up.fd, .events = POLLIN}};
        if (poll(set, LENGTH_OF(set), -1) < 0)
            continue;
        if (set[1].revents != 0)
            break;
        drain(core, &core->signer);
    }
    return core->is_agreed ? OK : err_set(err, E_JOURNAL, "journal and ledger were not compared");
}

/* What a start finds and no row says: a part of the sandbox that is refused by name is owed (design
 * 3), as keys are open to one process more than they should be. Keys are files: there is no other
 * back-end. */
static enum result note_start(struct core *core, struct err *err)
{
    const struct config *config = core->config;
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    bool is_refused = !config->sandbox_seccomp || !config->sandbox_landlock;
    int64_t since_s = 0;
    TRY(turn_begin(core, err));
    enum result result = store_meta(core->store, MEASURE_META_SANDBOX, &since_s, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (!is_refused || since_s == 0)
        since_s = is_refused ? core->now_s : 0;
    TRY(store_put_meta(core->store, MEASURE_META_SANDBOX, since_s, err));
    TRY(store_put_meta(core->store, MEASURE_META_AGREED, 1, err)); /* or it would not go on */
    TRY(store_put_meta(core->store, MEASURE_META_CUSTODY, CUSTODY_FILE, err));
    TRY(finding_settle_about(&core->service, whole, core->now_s, err));
    TRY(finding_issuers_due(&core->service, core->now_s, err));
    turn_end(core);
    return OK;
}

static enum result prepare(void *owner, const struct config *next, struct err *err)
{
    (void)err;
    struct core *core = owner;
    service_prepare(&core->service, next);
    return OK;
}

static void commit(void *owner, const struct config *now)
{
    struct core *core = owner;
    service_commit(&core->service);
    core->service.limits = now->limits;
    core->jobs.most = now->limits.requests;
    core_webhooks_configure(core, now);
}

static void abandon(void *owner)
{
    struct core *core = owner;
    service_prepare(&core->service, NULL);
}

static const struct reload_hooks reload_hooks = {prepare, commit, abandon, NULL};

static enum result core_open(struct core *core, const struct core_setup *setup, struct err *err)
{
    core->config = setup->config;
    core->now_s = clock_now_s();
    TRY(reload_open(&core->reload, IPC_CORE, setup->supervisor_fd, core->config, err));
    reload_set_hooks(&core->reload, &reload_hooks, core);
    core->jobs.most = setup->config->limits.requests;
    TRY(crypto_start(err));
    TRY(open_channels(core, setup, err));
    TRY(open_public(core, err));
    TRY(open_store(core, err));
    TRY(ballast_open(core, err));
    TRY(role_enter_sandbox(&setup->sandbox, err));
    TRY(agree(core, err));
    TRY(note_start(core, err));
    TRY(core_approvals_resume(core, err));
    TRY(core_bulk_open(core, err));
    TRY(core_sweep_open(core, err));
    TRY(core_tidy_open(core, err));
    TRY(core_webhooks_open(core, err));
    return publish_trust(core, err);
}

/* The desk browns out before the fronts do: from three quarters of what devices may have under way,
 * until it is a quarter again. */
static void tell_load(struct core *core)
{
    uint32_t n = core->jobs.used + core->jobs.waiting_n, most = core->jobs.most;
    bool is_loaded = core->is_loaded ? n > most / 4 : n > most - most / 4;
    if (is_loaded == core->is_loaded)
        return;
    core->is_loaded = is_loaded;
    struct msg_brownout brownout = {.is_loaded = is_loaded};
    struct err err = {0};
    if (ipc_send(&core->desk, IPC_BROWNOUT, &brownout, -1, &err) != OK)
        log_err(LEVEL_WARNING, "load-not-told", &err, NULL);
}

/* Operators first: a revocation goes before issuing (design 3). */
static size_t channels_of(struct core *core, struct ipc_channel *ret[CORE_CHANNELS_MAX])
{
    size_t n = 0;
    ret[n++] = &core->desk;
    ret[n++] = &core->signer;
    ret[n++] = &core->courier;
    for (unsigned i = 0; i < core->front_count; i++)
        ret[n++] = &core->fronts[i];
    return n;
}

static bool has_more(struct core *core)
{
    struct ipc_channel *channels[CORE_CHANNELS_MAX];
    size_t n = channels_of(core, channels);
    for (size_t i = 0; i < n; i++)
        if (ipc_has_more(channels[i]))
            return true;
    return false;
}

/* Only those that have something: to ask one that has not costs as much as a message. */
static void drain_ready(struct core *core, const struct pollfd *ready)
{
    struct ipc_channel *channels[CORE_CHANNELS_MAX];
    size_t n = channels_of(core, channels);
    for (size_t i = 0; i < n; i++)
        if (ready[i].revents != 0 || ipc_has_more(channels[i]))
            drain(core, channels[i]);
}

static void take_turn(struct core *core, const struct pollfd *ready)
{
    core->service.now_ms = clock_monotonic_us() / 1000;
    core->now_s = clock_guard_look(&core->service.clock, clock_now_s(), core->service.now_ms / 1000,
                                   ledger_last_at_s(core->service.ledger));
    drain_ready(core, ready);
    turn_end(core);
    if (core->jobs.waiting != NULL) {
        core_retry_waiting(core);
        turn_end(core);
    }
    core_import_step(core);
    core_bulk_step(core);
    core_trial_step(core);
    core_sweep_step(core);
    boundaries_step(core); /* before what is told to those that are left */
    feed_step(core);
    core_ocsp_step(core);
    core_ocsp_flush(core);
    tell_load(core);
}

static void settle_due(struct core *core)
{
    struct err err = {0};
    uint32_t n = 0;
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = finding_settle_due(&core->service, core->now_s, DUE_A_TICK, &n, &err);
    if (result != OK)
        turn_fail(core, &err);
    turn_end(core);
}

static void forget_old(struct core *core)
{
    struct err err = {0};
    if (core->now_s - core->forgot_s < FORGET_EVERY_S)
        return;
    core->forgot_s = core->now_s;
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = bulk_forget(&core->service, core->now_s - core->service.limits.approval_s,
                             core->now_s, &err);
    if (result != OK)
        turn_fail(core, &err);
    turn_end(core);
}

static void tick(struct core *core)
{
    struct err err = {0};
    int64_t now_us = clock_monotonic_us();
    if (now_us - core->ticked_us < CORE_TICK_MS * 1000)
        return;
    core->ticked_us = now_us;
    turn_end(core);
    ballast_tick(core);
    publish_tick(core);
    feed_tick(core);
    settle_due(core);
    forget_old(core);
    core_tidy_tick(core);
    core_webhooks_tick(core);
    if (store_log_pages(core->store) > CORE_LOG_PAGES && store_checkpoint(core->store, &err) != OK)
        log_err(LEVEL_WARNING, "log-not-copied", &err, NULL);
}

/* Closed channels have descriptor -1, which poll(2) passes over. */
static size_t poll_set(struct core *core, struct pollfd *ret)
{
    struct ipc_channel *channels[CORE_CHANNELS_MAX];
    size_t n = channels_of(core, channels);
    ret[0] = (struct pollfd){.fd = core->reload.up.fd, .events = POLLIN};
    for (size_t i = 0; i < n; i++)
        ret[1 + i] = (struct pollfd){.fd = channels[i]->fd, .events = POLLIN};
    return 1 + n;
}

/* A turn is one configuration's. True: the loop is over. */
static bool hear_supervisor(struct core *core)
{
    struct err err = {0};
    bool is_over = false;
    turn_end(core);
    enum result result = reload_take(&core->reload, &is_over, &err);
    if (result != OK)
        log_err(LEVEL_ERROR, "reload-failed", &err, NULL);
    if (result == OK && !is_over)
        return false;
    core->exit_status = result == OK ? 0 : 1;
    return true;
}

static void loop(struct core *core)
{
    struct pollfd set[1 + CORE_CHANNELS_MAX];
    while (core->exit_status < 0) {
        size_t n = poll_set(core, set);
        bool is_busy = core->import.is_running || core_bulk_is_busy(core) ||
                       core_sweep_is_busy(core) || core_trial_is_busy(core) || feed_is_busy(core) ||
                       boundaries_is_busy(core) || has_more(core);
        int feed_ms = feed_wait_ms(core, clock_monotonic_us() / 1000);
        int wait_ms = is_busy ? 0 : feed_ms < 0 || feed_ms > CORE_TICK_MS ? CORE_TICK_MS : feed_ms;
        if (poll(set, n, wait_ms) < 0)
            continue;
        if (set[0].revents != 0 && hear_supervisor(core))
            return;
        take_turn(core, set + 1);
        tick(core);
    }
}

static void core_close(struct core *core)
{
    jobs_free(&core->jobs);
    feed_close(core);
    boundaries_close(core);
    core_ocsp_free(core);
    crl_bases_free(&core->publish.bases);
    trial_free(&core->trial.trial);
    service_close(&core->service);
    store_close(core->store);
    for (unsigned i = 0; i < core->front_count; i++)
        ipc_close(&core->fronts[i]);
    ipc_close(&core->desk);
    ipc_close(&core->signer);
    ipc_close(&core->courier);
    reload_close(&core->reload);
    fd_closep(&core->public_dir);
    fd_closep(&core->ballast);
}

int core_run(const struct core_setup *setup)
{
    struct err err = {0};
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL)
        return 1;
    core->public_dir = core->ballast = core->desk.fd = core->signer.fd = -1;
    core->courier.fd = core->reload.up.fd = -1;
    core->exit_status = -1;

    enum result result = core_open(core, setup, &err);
    if (result == OK)
        result = role_send_ready(IPC_CORE, setup->supervisor_fd, &setup->sandbox, "", &err);
    if (result == OK)
        loop(core);
    else
        log_err(LEVEL_ERROR, "core-not-started", &err, NULL);
    int status = result == OK ? core->exit_status : 1;
    core_close(core);
    free(core);
    return status;
}
