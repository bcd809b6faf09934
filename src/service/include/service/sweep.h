/* A sweep judges every subject anew, a step at a time: after a policy changed, or with a catalogue
 * of checks that is newer than the one they were judged by. Its cursor is a row of the database, so
 * that a restart goes on. */
#ifndef SERVICE_SWEEP_H
#define SERVICE_SWEEP_H

#include <service/service.h>

#define SWEEP_STEP_MAX 512 /* subjects of one step */

/* From now on everything of `product` (0 = all there is) is to be judged, in the transaction that
 * changed what it is judged by. One that is under way begins again and has both. */
MUST_USE enum result finding_sweep_begin(struct service *service, int64_t product, struct err *err);

/* At a start: begins one over everything unless the subjects were judged by today's catalogue. */
MUST_USE enum result finding_sweep_upgrade(struct service *service, struct err *err);

/* The next `limit` subjects at most; *ret_done = there is nothing (more) to judge. */
MUST_USE enum result finding_sweep_step(struct service *service, uint32_t limit, int64_t now_s,
                                        bool *ret_done, struct err *err);

#endif
