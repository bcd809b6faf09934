/* Private: findings about certificates of other CAs, and about who has their keys. */
#ifndef SERVICE_FOREIGN_SETTLE_H
#define SERVICE_FOREIGN_SETTLE_H

#include <service/service.h>

/* A key about which something is going to change, and how it stands before. */
struct touched_key {
    uint8_t spki[32];
    bool was_shared;
    int64_t since_s; /* the first of the certificates of other CAs over it; 0 = there is none */
};

MUST_USE enum result touched_key_before(struct service *service, const uint8_t spki[32],
                                        struct touched_key *ret, struct err *err);

/* After the change: when a key is shared now and was not, or the other way round, or is older than
 * was known, all who have it are judged anew, devices too. */
MUST_USE enum result touched_key_settle(struct service *service, const struct touched_key *key,
                                        int64_t now_s, struct err *err);

/* A device has just got a key: when others are known to have it, they and the device are told. */
MUST_USE enum result taken_key_settle(struct service *service, const uint8_t spki[32],
                                      int64_t now_s, struct err *err);

/* One foreign certificate judged anew. */
MUST_USE enum result foreign_settle(struct service *service, int64_t foreign, int64_t now_s,
                                    struct err *err);

/* The device that one was linked to (0: none), and is no more. */
MUST_USE enum result foreign_settle_former(struct service *service, int64_t id, int64_t now_s,
                                           struct err *err);

/* All that are on record for a device, whose owner is theirs. */
MUST_USE enum result foreign_settle_device(struct service *service, int64_t device, int64_t now_s,
                                           struct err *err);

#endif
