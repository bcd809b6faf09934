/* The brake on what happens by itself: counters per name, product and hour, held in memory and in
 * the store, so that neither a restart nor a burst gets past it (design 3 and 5). */
#ifndef SERVICE_BRAKE_H
#define SERVICE_BRAKE_H

#include <service/service.h>

/* What may happen to a product in an hour: `least` times, or to one in `one_in` of its devices,
 * whichever is more. */
struct brake {
    const char *name; /* of the counter; static */
    int64_t least;
    int64_t one_in;
};

extern const struct brake brake_quarantine; /* automatic quarantines: 10 or 0.1 % */
extern const struct brake brake_by_person;  /* devices' certificates at the desk: the same */
extern const struct brake brake_early;      /* renewals outside the device's window: the same */

/* Enrolments whose only proof is what a front says of its peer's chain (design 3): as the product
 * says, or 1,000 or 1 %. */
struct brake brake_claims(const struct product *product);

/* Takes one of this hour; *ret_is_free: there was one left. The store learns of small portions
 * taken ahead, so that what is allowed in thousands does not cost a write each; after a restart the
 * rest of a portion counts as taken. */
MUST_USE enum result brake_count(struct service *service, const struct brake *brake,
                                 int64_t product, int64_t now_s, bool *ret_is_free,
                                 struct err *err);

void budgets_free(struct budget **budgets);

#endif
