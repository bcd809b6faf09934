/* A bulk verb inside core: at most one is gathered and counted, and the oldest that began is done
 * (service/bulk.h), a slice a turn. */
#ifndef CORE_BULK_H
#define CORE_BULK_H

#include <ipc/record.h>
#include <service/bulk.h>

struct core;

#define CORE_GATHER_IDS 20000 /* ids that a bulk verb looks through in one turn */

/* A bulk verb that is being gathered and counted, and whether one runs (service/bulk.h). */
struct bulk_job {
    enum { BULK_IDLE = 0, BULK_GATHERS, BULK_COUNTS } stage;
    uint64_t id;
    char request[LIMIT_REQUEST_ID + 1];
    bool dry_run;
    struct operator_row operator_row;
    struct actor actor;
    char note[LIMIT_TEXT + 1];
    struct bulk row;
    struct record_reader list; /* of a list */
    int64_t at, last;          /* else: ids looked through, and the last one there is */
    struct bulk_count count;
    bool may_run;     /* one may be running: look */
    int64_t pause_ms; /* monotonic: none is tried before, because one failed */
};

/* What a crash left that was never recorded goes; what runs goes on. */
MUST_USE enum result core_bulk_open(struct core *core, struct err *err);

void core_bulk_begin(struct core *core, const struct msg_bulk *ask, int fd);
void core_bulk_step(struct core *core);
bool core_bulk_is_busy(const struct core *core); /* there is something to do at once */

#endif
