/* Private: what a day's tidy drops. */
#ifndef CORE_TIDY_H
#define CORE_TIDY_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

enum tidy_kind {
    TIDY_ANSWERS = 0,
    TIDY_COUNTERS,
    TIDY_SEEN,
    TIDY_SIGHTINGS,
    TIDY_CHECKPOINTS,
    TIDY_WEBHOOKS,
    TIDY_KINDS
};

struct tidy {
    bool is_running;
    enum tidy_kind kind; /* under way */
    int64_t began_s;
    int64_t due_s; /* the next one begins */
};

struct core;
MUST_USE enum result core_tidy_open(struct core *core, struct err *err);
void core_tidy_tick(struct core *core);
/* Adds to what the next entry says, within a turn. */
MUST_USE enum result tidy_count(struct core *core, enum tidy_kind kind, int64_t add, int64_t *ret,
                                struct err *err);

#endif
