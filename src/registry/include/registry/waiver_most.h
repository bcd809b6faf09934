/* For how long a waiver may be in force: as the strictest policy says over what it covers. */
#ifndef REGISTRY_WAIVER_MOST_H
#define REGISTRY_WAIVER_MOST_H

#include <store/store.h>

struct waiver_scope {
    int check;
    int64_t product;      /* 0 = any */
    const char *of_owner; /* empty: anybody's */
};

struct waiver_most {
    int64_t most_s;
    char product[LIMIT_NAME + 1]; /* whose policy says so; empty: the fleet's */
};

/* Of a product it is the product's alone. What covers more is bound by the fleet's and by those of
 * every product in it: all there are, or those that the owner has devices of now. A check that is
 * about the installation or issuers alone is in no product. */
MUST_USE enum result waiver_most_read(struct store *store, const struct waiver_scope *scope,
                                      struct waiver_most *ret, struct err *err);

/* Does the policy of `product` (0: the fleet's) bind it? */
MUST_USE enum result waiver_is_bound(struct store *store, const struct waiver_scope *scope,
                                     int64_t product, bool *ret, struct err *err);

#endif
