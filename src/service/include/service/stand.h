/* Where devices stand that an older copy of the database must not let go (retired, lost,
 * quarantined, on hold): the signer's journal keeps it, which is in no backup. Told within a second
 * of the commit, as a revocation is published. */
#ifndef SERVICE_STAND_H
#define SERVICE_STAND_H

#include <ipc/record.h>
#include <service/service.h>

#define STAND_BYTES_MAX (64 << 10)

/* For service_record(): entry `entry`, the act under construction, was appended. */
MUST_USE enum result stand_note(struct service *service, uint64_t entry, struct err *err);

/* What the signer has yet to hear, for IPC_REMEMBER; *ret_last = the last of these devices, 0 when
 * there is nothing. The descriptor is the caller's. */
MUST_USE enum result stand_collect(struct service *service, int *ret_fd, int64_t *ret_last,
                                   struct err *err);

#endif
