/* Bindings and devices, for TD-39: which are used, and whose they are. */
#ifndef SERVICE_BINDING_USED_H
#define SERVICE_BINDING_USED_H

#include <service/service.h>

struct binding_use {
    int64_t device; /* row */
    struct bytes service;
    int64_t at_s;
};

/* A boundary let the device in, or had it in until then: whatever is bound there for that device
 * is used. By which of it the device came no boundary says. */
MUST_USE enum result binding_used(struct service *service, const struct binding_use *use,
                                  int64_t now_s, struct err *err);

/* The device has another owner: what is owed for bindings that are for it alone is his. */
MUST_USE enum result binding_settle_device(struct service *service, int64_t device, int64_t now_s,
                                           struct err *err);

#endif
