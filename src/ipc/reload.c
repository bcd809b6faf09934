#include <ipc/reload.h>

#include <base/file.h>
#include <base/log.h>
#include <base/text.h>
#include <ipc/sealed.h>

#include <string.h>

static const enum ipc_type asks[] = {
    [IPC_FRONT] = IPC_FRONT_RELOAD,   [IPC_DESK] = IPC_DESK_RELOAD,
    [IPC_READER] = IPC_READER_RELOAD, [IPC_CORE] = IPC_CORE_RELOAD,
    [IPC_SIGNER] = IPC_SIGNER_RELOAD, [IPC_COURIER] = IPC_COURIER_RELOAD,
};

static const enum ipc_type answers[] = {
    [IPC_FRONT] = IPC_FRONT_RELOADED,   [IPC_DESK] = IPC_DESK_RELOADED,
    [IPC_READER] = IPC_READER_RELOADED, [IPC_CORE] = IPC_CORE_RELOADED,
    [IPC_SIGNER] = IPC_SIGNER_RELOADED, [IPC_COURIER] = IPC_COURIER_RELOADED,
};

enum ipc_type reload_type(enum ipc_role role)
{
    return (size_t)role < LENGTH_OF(asks) ? asks[role] : IPC_NONE;
}

enum result reload_open(struct reload *reload, enum ipc_role me, int supervisor_fd,
                        const struct config *config, struct err *err)
{
    static const struct reload_hooks none;
    *reload = (struct reload){.up.fd = -1, .hooks = &none, .config = config};
    return ipc_open(&reload->up, me, IPC_SUPERVISOR, supervisor_fd, err);
}

void reload_set_hooks(struct reload *reload, const struct reload_hooks *hooks, void *owner)
{
    reload->hooks = hooks;
    reload->owner = owner;
}

void reload_close(struct reload *reload)
{
    sealed_unmap(&reload->next);
    sealed_unmap(&reload->former);
    sealed_unmap(&reload->now);
    ipc_close(&reload->up);
}

static const struct config *config_of(struct bytes mapped)
{
    return &((const struct config_handed *)(const void *)mapped.p)->config;
}

/* Whoever hung up meanwhile does not want to know: the loop sees it next. */
static enum result say(struct reload *reload, enum reload_step step, const struct err *why,
                       struct err *err)
{
    struct msg_core_reloaded answer = {
        .round = reload->round,
        .step = (uint8_t)step,
        .code = why->code,
        .text = text_bytes(why->text),
    };
    enum result result = ipc_send(&reload->up, answers[reload->up.me], &answer, -1, err);
    return result == R_UNREACHABLE ? OK : result;
}

enum result reload_prepared(struct reload *reload, const struct err *why, struct err *err)
{
    return say(reload, RELOAD_PREPARE, why, err);
}

static enum result map_next(struct reload *reload, int fd, struct err *err)
{
    TRY(sealed_map(fd, sizeof(struct config_handed), &reload->next, err));
    const struct config_handed *handed = (const void *)reload->next.p;
    if (reload->next.n != sizeof *handed || !config_is_whole(handed) || handed->result != OK)
        return err_set(err, E_BUG, "the supervisor sent no configuration");
    return OK;
}

static enum result prepare(struct reload *reload, int fd, struct err *err)
{
    struct err why = {0};
    sealed_unmap(&reload->next);
    TRY(map_next(reload, fd, err));
    enum result result = OK;
    if (reload->hooks->prepare != NULL)
        result = reload->hooks->prepare(reload->owner, config_of(reload->next), &why);
    return result == R_WAIT ? OK : say(reload, RELOAD_PREPARE, &why, err);
}

static enum result commit(struct reload *reload, struct err *err)
{
    const struct err fine = {0};
    if (reload->next.n == 0)
        return err_set(err, E_BUG, "the supervisor commits what was not prepared");
    sealed_unmap(&reload->former);
    reload->former = reload->now;
    reload->now = reload->next;
    reload->next = bytes_of(NULL, 0);
    reload->config = config_of(reload->now);
    log_style_set((enum log_format)reload->config->log.format,
                  (enum log_level)reload->config->log.level);
    if (reload->hooks->commit != NULL)
        reload->hooks->commit(reload->owner, reload->config);
    return say(reload, RELOAD_COMMIT, &fine, err);
}

static enum result take(struct reload *reload, const struct msg_core_reload *ask, int fd,
                        struct err *err)
{
    reload->round = ask->round;
    switch ((enum reload_step)ask->step) {
    case RELOAD_PREPARE:
        return prepare(reload, fd, err);
    case RELOAD_COMMIT:
        return commit(reload, err);
    case RELOAD_ABANDON:
        if (reload->hooks->abandon != NULL)
            reload->hooks->abandon(reload->owner);
        sealed_unmap(&reload->next);
        return OK;
    case RELOAD_FINISH:
        if (reload->hooks->finish != NULL)
            reload->hooks->finish(reload->owner);
        sealed_unmap(&reload->former);
        return OK;
    case RELOAD_NONE:
        break;
    }
    return err_set(err, E_BUG, "the supervisor says step %u of a reload", ask->step);
}

enum result reload_take(struct reload *reload, bool *ret_is_over, struct err *err)
{
    struct ipc_message message;
    enum result result = ipc_receive(&reload->up, &message, err);
    *ret_is_over = result == R_UNREACHABLE;
    if (result == R_BUSY || result == R_UNREACHABLE)
        return OK;
    TRY(result);
    CLEANUP(fd_closep) int fd = message.fd;
    /* what the table lets through is this role's reload, and all five are alike */
    return take(reload, &message.core_reload, fd, err);
}
