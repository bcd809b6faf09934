/* How many certificates a product may ask for in a second, so that one fleet's storm is nobody
 * else's, and who goes first when it is too many: whose certificate ends soonest. In memory alone:
 * a restart begins with full buckets. */
#ifndef SERVICE_RATE_H
#define SERVICE_RATE_H

#include <registry/subject.h>
#include <service/service.h>

/* Takes one for the device, by the limits product_per_s and product_burst. E_BUSY, with
 * *ret_retry_after_s of its own (`who` names it), when there is none left for it: the longer its
 * certificate still lives, the more must be there for others, up to half the burst. */
MUST_USE enum result rate_take(struct service *service, const struct subject *subject,
                               struct bytes who, int64_t now_s, uint32_t *ret_retry_after_s,
                               struct err *err);

void rates_free(struct rate **rates);

#endif
