/* Policies and waivers: what people decide about findings (docs/decisions/policy.md, waivers.md).
 */
#ifndef SERVICE_POLICY_H
#define SERVICE_POLICY_H

#include <registry/trial.h>
#include <service/verb.h>

/* The policy that is asked for, on trial (registry/trial.h); and what came of it, which people who
 * approve read until the next. */
MUST_USE enum result policy_try(struct service *service, const struct msg_policy_set *ask,
                                struct trial *ret, struct err *err);
void policy_tried(struct service *service, const struct trial *trial);

/* Fills what people who approve want to read: what the version changes and what that would do, in
 * words, which live in the service until the next. */
MUST_USE enum result policy_complete(struct service *service, struct msg_policy_set *ask,
                                     struct err *err);

/* How many devices hang on it: those of its product, or all. */
MUST_USE enum result policy_count_devices(struct service *service, const struct msg_policy_set *ask,
                                          int64_t *ret, struct err *err);

/* Waivers of longer than the policy of `product` (row 0: the fleet's) allows, once it has changed:
 * each ends as soon as it would have had to, now at the soonest, by an entry of its own. What the
 * others' policies allow they were held to before. */
struct waivers_cut {
    const struct product *product;
    int64_t most_s; /* that it says; filled */
    uint32_t n;     /* were shortened */
    bool beyond;    /* some of them cover more than that product */
};
MUST_USE enum result waivers_cut(struct service *service, const struct operator_is *who,
                                 int64_t now_s, struct waivers_cut *ret, struct err *err);

#endif
