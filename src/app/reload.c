#include "reload.h"

#include <app/load.h>
#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <base/setting.h>
#include <base/text.h>
#include <ipc/reload.h>
#include <ipc/sealed.h>

#define TURNS 3 /* of preparing, see struct role_row */

void reloads_open(struct reloads *reloads, struct children *children)
{
    *reloads = (struct reloads){.children = children, .config_fd = -1};
}

static void forget_next(struct reloads *reloads)
{
    fd_closep(&reloads->config_fd);
    sealed_unmap(&reloads->next);
    reloads->at = RELOADING_NOT;
}

void reloads_close(struct reloads *reloads)
{
    forget_next(reloads);
    sealed_unmap(&reloads->mapped);
}

/* ---- saying ---------------------------------------------------------------------------------- */

static enum result tell(const struct reloads *reloads, struct child *child, enum reload_step step,
                        struct err *err)
{
    struct msg_core_reload ask = {.round = reloads->round, .step = (uint8_t)step};
    int fd = step == RELOAD_PREPARE ? reloads->config_fd : -1;
    return ipc_send(&child->up, reload_type(child->row->role), &ask, fd, err);
}

/* All of one turn of preparing, or (0) all that reload. */
static enum result tell_all(struct reloads *reloads, unsigned turn, enum reload_step step,
                            struct err *err)
{
    struct children *children = reloads->children;
    reloads->awaited = 0;
    for (size_t i = 0; i < children->n; i++) {
        unsigned mine = children->all[i].row->reloads;
        if (mine == 0 || (turn != 0 && mine != turn))
            continue;
        TRY(tell(reloads, &children->all[i], step, err));
        children->all[i].is_awaited = true;
        reloads->awaited++;
    }
    return OK;
}

/* ---- the steps ------------------------------------------------------------------------------- */

static enum result again_if_wanted(struct reloads *reloads, struct err *err)
{
    if (!reloads->is_wanted_again)
        return OK;
    reloads->is_wanted_again = false;
    return reload_begin(reloads, err);
}

/* Nothing was changed, anywhere. */
static enum result refuse(struct reloads *reloads, const struct err *why, struct err *err)
{
    log_err(LEVEL_ERROR, "reload-refused", why, NULL);
    if (reloads->at == RELOADING_PREPARE)
        TRY(tell_all(reloads, 0, RELOAD_ABANDON, err));
    forget_next(reloads);
    return again_if_wanted(reloads, err);
}

static enum result prepare_turn(struct reloads *reloads, unsigned turn, struct err *err)
{
    reloads->at = RELOADING_PREPARE;
    reloads->turn = turn;
    return tell_all(reloads, turn, RELOAD_PREPARE, err);
}

static enum result commit(struct reloads *reloads, struct err *err)
{
    reloads->at = RELOADING_COMMIT;
    reloads->until_us = clock_monotonic_us() + RELOAD_MS * INT64_C(1000); /* not what is left */
    return tell_all(reloads, 0, RELOAD_COMMIT, err);
}

static const struct config *config_of(struct bytes mapped)
{
    return &((const struct config_handed *)(const void *)mapped.p)->config;
}

static enum result finish(struct reloads *reloads, struct err *err)
{
    TRY(tell_all(reloads, 0, RELOAD_FINISH, err));
    struct bytes former = reloads->mapped;
    reloads->mapped = reloads->next;
    reloads->next = bytes_of(NULL, 0);
    const struct config *config = config_of(reloads->mapped);
    reloads->children->config = config;
    sealed_unmap(&former);
    log_style_set((enum log_format)config->log.format, (enum log_level)config->log.level);
    log_event(LEVEL_INFO, "reloaded", {"round", log_number(reloads->round).text});
    forget_next(reloads);
    return again_if_wanted(reloads, err);
}

enum result reload_begin(struct reloads *reloads, struct err *err)
{
    const struct children *children = reloads->children;
    if (reloads->at != RELOADING_NOT) {
        reloads->is_wanted_again = true;
        return OK;
    }
    reloads->at = RELOADING_LOAD;
    reloads->until_us = clock_monotonic_us() + RELOAD_MS * INT64_C(1000);
    struct msg_load ask = {.round = ++reloads->round};
    log_event(LEVEL_INFO, "reload", {"round", log_number(ask.round).text});
    for (size_t i = 0; i < children->n; i++)
        if (children->all[i].row->role == IPC_LOADER)
            return ipc_send(&reloads->children->all[i].up, IPC_LOAD, &ask, -1, err);
    return err_set(err, E_BUG, "nobody reads the configuration");
}

/* ---- hearing --------------------------------------------------------------------------------- */

static enum result take_config(struct reloads *reloads, const struct msg_loaded *loaded, int fd,
                               struct err *why)
{
    if (loaded->code != E_NONE || fd < 0)
        return err_set(why, (enum code)loaded->code, "%.*s", (int)loaded->text.n,
                       (const char *)loaded->text.p);
    TRY(load_map(fd, &reloads->next, why));
    return settings_allow_reload(reloads->children->config, config_of(reloads->next), why);
}

static enum result on_loaded(struct reloads *reloads, struct ipc_message *message, struct err *err)
{
    CLEANUP(fd_closep) int fd = message->fd;
    struct err why = {0};
    if (reloads->at != RELOADING_LOAD || message->loaded.round != reloads->round)
        return OK;
    if (take_config(reloads, &message->loaded, fd, &why) != OK)
        return refuse(reloads, &why, err);
    reloads->config_fd = fd;
    fd = -1;
    return prepare_turn(reloads, 1, err);
}

static enum result on_prepared(struct reloads *reloads, struct err *err)
{
    if (--reloads->awaited > 0)
        return OK;
    return reloads->turn < TURNS ? prepare_turn(reloads, reloads->turn + 1, err)
                                 : commit(reloads, err);
}

/* Late answers of a round that was given up are nobody's, and nobody answers for another. */
static enum result on_answer(struct reloads *reloads, struct child *child,
                             const struct msg_core_reloaded *answer, struct err *err)
{
    bool is_preparing = reloads->at == RELOADING_PREPARE && answer->step == RELOAD_PREPARE;
    bool is_committing = reloads->at == RELOADING_COMMIT && answer->step == RELOAD_COMMIT;
    if (answer->round != reloads->round || (!is_preparing && !is_committing) || !child->is_awaited)
        return OK;
    child->is_awaited = false;
    if (is_preparing && answer->code != E_NONE) {
        struct err why = {0};
        (void)err_set(&why, (enum code)answer->code, "%s: %.*s", child->name, (int)answer->text.n,
                      (const char *)answer->text.p);
        return refuse(reloads, &why, err);
    }
    if (is_preparing)
        return on_prepared(reloads, err);
    return --reloads->awaited > 0 ? OK : finish(reloads, err);
}

enum result reload_hear(struct reloads *reloads, struct child *child, struct ipc_message *message,
                        struct err *err)
{
    if (message->type == IPC_LOADED)
        return on_loaded(reloads, message, err);
    fd_closep(&message->fd);
    return on_answer(reloads, child, &message->core_reloaded, err); /* all five are alike */
}

int reload_wait_ms(const struct reloads *reloads)
{
    if (reloads->at == RELOADING_NOT)
        return -1;
    int64_t left_us = reloads->until_us - clock_monotonic_us();
    return left_us > 0 ? (int)(left_us / 1000) + 1 : 0;
}

/* Some have committed and others have not said so: there is no way back. */
enum result reload_expire(struct reloads *reloads, struct err *err)
{
    struct err why = {0};
    if (reloads->at == RELOADING_NOT || clock_monotonic_us() < reloads->until_us)
        return OK;
    if (reloads->at == RELOADING_COMMIT)
        return err_set(err, E_RELOAD, "%zu processes did not commit within %d ms", reloads->awaited,
                       RELOAD_MS);
    (void)err_set(&why, E_RELOAD, "%zu processes did not answer within %d ms", reloads->awaited,
                  RELOAD_MS);
    return refuse(reloads, &why, err);
}
