/* The brake on what happens by itself: counters per name, product and hour, held in memory and in
 * the store, so that neither a restart nor a burst gets past it (design 3 and 5). */
#ifndef SERVICE_BRAKE_H
#define SERVICE_BRAKE_H

#include <service/service.h>

#define BRAKE_LEAST 10    /* devices of a product in an hour */
#define BRAKE_ONE_IN 1000 /* or 0.1 % of them, whichever is more */

#define BRAKE_QUARANTINE "quarantine" /* automatic quarantines */
#define BRAKE_EARLY "early-renewal"   /* renewals outside the device's window */

/* Counts one `name` of the product in this hour. *ret_is_free: it is still within
 * max(BRAKE_LEAST, 0.1 % of the product's devices). Counts also what it then refuses. */
MUST_USE enum result brake_count(struct service *service, const char *name, int64_t product,
                                 int64_t now_s, bool *ret_is_free, struct err *err);

void budgets_free(struct budget **budgets);

#endif
