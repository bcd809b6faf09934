/* What the signer's journal keeps against an older copy of the database: where devices stand. One
 * message is under way at a time. */
#include "core.h"

#include <base/file.h>
#include <base/log.h>
#include <service/stand.h>

static enum result tell(struct core *core, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct msg_remember ask = {.id = 1};
    int64_t last = 0;
    TRY(stand_collect(&core->service, &fd, &last, err));
    if (last == 0)
        return OK;
    TRY(ipc_send(&core->signer, IPC_REMEMBER, &ask, fd, err));
    core->publish.told_last = last;
    core->publish.told_size = ledger_size(core->service.ledger);
    return OK;
}

void remember_tick(struct core *core)
{
    struct err err = {0};
    if (core->publish.told_last == 0 && tell(core, &err) != OK)
        log_err(LEVEL_WARNING, "stands-not-told", &err, NULL);
}

static enum result keep(struct core *core, const struct msg_remembered *answer, int64_t last,
                        struct err *err)
{
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    TRY(turn_begin(core, err));
    return store_drop_untold(core->store, last, core->publish.told_size, err);
}

void core_remembered(struct core *core, const struct msg_remembered *answer)
{
    struct err err = {0};
    int64_t last = core->publish.told_last;
    core->publish.told_last = 0;
    if (keep(core, answer, last, &err) != OK)
        turn_fail(core, &err);
}
