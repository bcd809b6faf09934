/* The policy that is in force: the built-in default, above it the fleet's, above that the product's
 * (trust/policy_body.h). */
#ifndef REGISTRY_POLICY_H
#define REGISTRY_POLICY_H

#include <store/store.h>
#include <trust/policy_body.h>

/* For what belongs to this product, whose own columns say least proof and grace; NULL: for what
 * belongs to none. E_STORE_CORRUPT for a row that says what no policy can. */
MUST_USE enum result policy_read(struct store *store, const struct product *product,
                                 struct policy *ret, struct err *err);

/* The fleet's, or a product's, version in force as it was written; one that names nothing when
 * there is none. */
MUST_USE enum result policy_read_part(struct store *store, int64_t product, struct policy_part *ret,
                                      struct err *err);

/* The checks of a product (0: of what belongs to none) whose effect is quarantine by what was in
 * force at row `now` of all versions, and was not at row `before`: a bit for each number. */
MUST_USE enum result policy_turned(struct store *store, int64_t product, int64_t before,
                                   int64_t now, uint64_t *ret, struct err *err);

#endif
