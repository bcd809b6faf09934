/* What a transfer of ownership means to other verbs; its own are in service/verb.h. */
#ifndef SERVICE_TRANSFER_H
#define SERVICE_TRANSFER_H

#include <service/verb.h>

/* As part of an act that ends the device: its open transfer ends too. */
MUST_USE enum result transfer_end(struct service *service, int64_t device, struct err *err);

/* As part of an act: it is aborted, and what was issued since both had signed and nobody used is
 * revoked; *ret_certificates is how many. */
MUST_USE enum result transfer_abort(struct service *service, const struct transfer_row *row,
                                    int64_t now_s, uint32_t *ret_certificates, struct err *err);

/* The device's transfer that both sides signed, or ret->id 0. */
MUST_USE enum result transfer_find_accepted(struct service *service, int64_t device,
                                            struct transfer_row *ret, struct err *err);

/* A certificate was used for the first time. If both sides had signed before, and its key is new,
 * the device is the new owner's: in an entry of its own, which ends the old one's tokens and
 * permits and is the receipt (wire/receipt.h). The older certificates have ended before. */
MUST_USE enum result transfer_settle(struct service *service, const struct certificate *proven,
                                     int64_t now_s, struct err *err);

#endif
