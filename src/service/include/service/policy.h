/* Policies and waivers: what people decide about findings (docs/decisions/policy.md, waivers.md).
 */
#ifndef SERVICE_POLICY_H
#define SERVICE_POLICY_H

#include <service/verb.h>

/* Fills what people who approve want to read: what the version changes, in words, which live in the
 * service until the next. */
MUST_USE enum result policy_complete(struct service *service, struct msg_policy_set *ask,
                                     struct err *err);

/* How many devices hang on it: those of its product, or all. */
MUST_USE enum result policy_count_devices(struct service *service, const struct msg_policy_set *ask,
                                          int64_t *ret, struct err *err);

#endif
