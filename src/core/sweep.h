/* A sweep inside core: whatever is to be judged anew is judged a step a turn (service/sweep.h). */
#ifndef CORE_SWEEP_H
#define CORE_SWEEP_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

struct core;

/* One that a restart interrupted goes on; a newer catalogue of checks begins one. */
MUST_USE enum result core_sweep_open(struct core *core, struct err *err);
void core_sweep_step(struct core *core);
/* Subjects that one turn judges beside everything else: fewer while others wait. */
uint32_t core_step_size(const struct core *core);
bool core_sweep_is_busy(const struct core *core); /* there is something to do at once */

#endif
