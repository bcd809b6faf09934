/* When bindings were used last, by what boundaries say of whom they let in. Observations: replay
 * knows nothing of them. */
#ifndef STORE_BINDING_USED_H
#define STORE_BINDING_USED_H

#include <base/err.h>
#include <wire/bytes.h>

struct store;

#define BINDING_USED_EVERY_S 3600 /* so old may be what is on record of one that is in use */

struct binding_user { /* a device, or all of a group */
    struct bytes service;
    int64_t product;
    struct bytes owner, serial_number;
};

#define BINDING_IDS_MAX 64 /* at once */
struct binding_ids {
    int64_t id[BINDING_IDS_MAX];
    size_t n;
};

/* Of bindings in use at this service that are for this device, those that were not used from
 * `since_s` on; a full list: there may be more. */
MUST_USE enum result store_bindings_unused(struct store *store, const struct binding_user *user,
                                           int64_t since_s, struct binding_ids *ret,
                                           struct err *err);
/* One that was used later stays so. */
MUST_USE enum result store_put_binding_used(struct store *store, int64_t binding, int64_t at_s,
                                            struct err *err);
/* 0 = never. */
MUST_USE enum result store_binding_used(struct store *store, int64_t binding, int64_t *ret_s,
                                        struct err *err);
/* Is a session open at this service, of a device of these? Product 0, and empty texts: of any. */
MUST_USE enum result store_has_session_of(struct store *store, const struct binding_user *group,
                                          bool *ret, struct err *err);

#endif
