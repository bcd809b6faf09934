/* A verb on many devices: one ledger row, and an observation table of the devices that it has still
 * to do. A device leaves that in the transaction that does it. */
#ifndef STORE_BULK_H
#define STORE_BULK_H

#include <base/err.h>
#include <store/list.h>
#include <store/rows.h>

struct store;

struct bulk { /* a verb on many devices */
    int64_t id;
    int verb; /* enum device_verb */
    int reason;
    int64_t product;
    char owner[LIMIT_NAME + 1];
    char batch[LIMIT_NAME + 1];
    bool listed;
    int64_t devices;
    int64_t certificates;
    uint8_t digest[32];
    int64_t asker; /* operator row */
    int state;     /* enum bulk_state */
    int64_t created_at_s;
    int64_t ended_at_s;
    int64_t done;
};

MUST_USE enum result store_bulk(struct store *store, int64_t id, struct bulk *ret, struct err *err);
/* By `after`, `limit` and `state` of the filter. */
STORE_VISIT(bulk_visit, struct bulk);
MUST_USE enum result store_bulks(struct store *store, const struct filter *filter, bulk_visit visit,
                                 void *ctx, struct err *err);

/* One that is there already stays. */
MUST_USE enum result store_put_member(struct store *store, int64_t bulk, int64_t device,
                                      struct err *err);
/* Those with after < id <= until that `which` selects by product, owner and batch (0 and empty:
 * any). */
MUST_USE enum result store_gather_members(struct store *store, const struct bulk *which,
                                          int64_t after, int64_t until, struct err *err);
/* Devices, ascending: the first `max` behind one. */
#define MEMBERS_MAX 1000
struct members {
    size_t max; /* wanted; at most MEMBERS_MAX */
    size_t n;
    int64_t devices[MEMBERS_MAX];
};
MUST_USE enum result store_members(struct store *store, int64_t bulk, int64_t after,
                                   struct members *ret, struct err *err);
MUST_USE enum result store_count_members(struct store *store, int64_t bulk, int64_t *ret_n,
                                         struct err *err);
MUST_USE enum result store_drop_member(struct store *store, int64_t bulk, int64_t device,
                                       struct err *err);
/* All up to device `until`. */
MUST_USE enum result store_drop_members(struct store *store, int64_t bulk, int64_t until,
                                        struct err *err);
/* All of what is neither waiting nor running: a bulk that was never recorded, or is over. */
MUST_USE enum result store_drop_stray_members(struct store *store, struct err *err);

#endif
