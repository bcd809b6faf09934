/* Private: what boundaries report, and how much each does. */
#ifndef CORE_REPORTS_H
#define CORE_REPORTS_H

#include <base/bucket.h>
#include <base/err.h>

#define CORE_REPORTERS 256     /* those that have the same place share one */
#define CORE_REPORTS_A_TURN 64 /* with more of them the turn ends */

struct report_rate {
    int64_t boundary;
    struct bucket bucket;
    uint64_t dropped; /* items since the log told of them */
    int64_t told_s;
    uint64_t refused;  /* items that could not be kept, since the start */
    int64_t refused_s; /* when the log told of one */
};

/* Whose reports are in this turn, and who is told so once it is over. */
struct reporters {
    struct reporter {
        struct ipc_channel *front;
        uint64_t id;
    } each[CORE_REPORTS_A_TURN];
    size_t n;
};

struct core;
struct msg_boundary_report;
void core_boundary_report(struct core *core, struct ipc_channel *front,
                          const struct msg_boundary_report *message);
/* E_NONE: they are on the disk. E_BUSY: they are not, and are to come again. */
void core_answer_reports(struct core *core, enum code code);

#endif
