/* Versions of policies as they were written: store knows their bytes, trust what these say. */
#ifndef STORE_POLICIES_H
#define STORE_POLICIES_H

#include <base/err.h>
#include <base/limits.h>
#include <store/list.h>
#include <wire/bytes.h>

#define POLICY_IN_FORCE 1
#define POLICY_SUPERSEDED 2

struct policy_version {
    int64_t id;
    int64_t product; /* 0 = the fleet's */
    int64_t version;
    int64_t created_s;
    int state;
    uint8_t digest[32];
    size_t body_n;
    uint8_t body[LIMIT_POLICY_BYTES];
};

/* The version in force, of a product or of the fleet (0). R_NOT_FOUND: it has none. */
MUST_USE enum result store_policy(struct store *store, int64_t product, struct policy_version *ret,
                                  struct err *err);
/* The one that was in force when row `until` was the last of all. R_NOT_FOUND: it had none. */
MUST_USE enum result store_policy_until(struct store *store, int64_t product, int64_t until,
                                        struct policy_version *ret, struct err *err);
/* That version. R_NOT_FOUND. */
MUST_USE enum result store_policy_version(struct store *store, int64_t product, int64_t version,
                                          struct policy_version *ret, struct err *err);

/* Of every product, or of filter->product when `of_one` is set (0 = the fleet's). */
STORE_VISIT(policy_visit, struct policy_version);
MUST_USE enum result store_policies(struct store *store, const struct filter *filter, bool of_one,
                                    policy_visit visit, void *ctx, struct err *err);

/* What is in force for a product: the fleet's body, then its own; empty where there is none. Kept
 * for the next device of the same product: the bytes are valid until the next call, or the end of
 * the transaction or snapshot. */
struct policy_bodies {
    struct bytes fleet, own;
};
MUST_USE enum result store_policy_bodies(struct store *store, int64_t product,
                                         struct policy_bodies *ret, struct err *err);

#endif
