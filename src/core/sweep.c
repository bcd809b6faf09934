/* A sweep beside everything else: a step a turn, each one transaction, smaller while devices wait
 * (service/sweep.h). */
#include "core.h"

#include <service/sweep.h>

#include <base/log.h>

#define STEP_IDLE 256 /* subjects of a turn in which nobody waits */
#define STEP_BUSY 32  /* ... in which something is under way */
#define STEP_LOADED 4 /* ... of a server that is about to refuse */
#define PAUSE_MS 5000 /* after a step that failed: a disk that is full may have room again */

bool core_sweep_is_busy(const struct core *core)
{
    return core->service.now_ms >= core->service.sweep_ms;
}

uint32_t core_step_size(const struct core *core)
{
    if (core->is_loaded)
        return STEP_LOADED;
    return core->jobs.used > 0 || core->jobs.waiting_n > 0 ? STEP_BUSY : STEP_IDLE;
}

void core_sweep_step(struct core *core)
{
    struct err err = {0};
    bool is_done = false;
    if (!core_sweep_is_busy(core))
        return;
    turn_end(core);
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result =
            finding_sweep_step(&core->service, core_step_size(core), core->now_s, &is_done, &err);
    if (result != OK) {
        turn_fail(core, &err);
        core->service.sweep_ms = core->service.now_ms + PAUSE_MS;
    }
    turn_end(core);
}

enum result core_sweep_open(struct core *core, struct err *err)
{
    TRY(turn_begin(core, err));
    TRY(finding_sweep_upgrade(&core->service, err));
    turn_end(core);
    return OK;
}
