/* Boundaries, the services that they guard, and bindings: who may do what at a service. */
#ifndef STORE_BOUNDARIES_H
#define STORE_BOUNDARIES_H

#include <base/err.h>
#include <base/limits.h>
#include <store/list.h>
#include <store/rows.h>

struct store;

struct boundary {
    int64_t id;
    char name[LIMIT_NAME + 1];
    bool has_spki; /* it enrolled once */
    uint8_t spki[32];
    bool has_token; /* one that is not over, expired or not */
    uint8_t token_hash[32];
    int64_t token_expires_s;
    bool has_token_spki; /* it was used, by this key */
    uint8_t token_spki[32];
    int state;
    int64_t created_s;
};

struct boundary_service {
    int64_t id;
    int64_t boundary;
    char name[LIMIT_NAME + 1];
    int64_t age_s;
    bool is_fail_open;
    int state;
};

struct binding {
    int64_t id;
    char service[LIMIT_NAME + 1];
    int kind;
    int64_t product; /* 0 = any */
    char value[LIMIT_NAME + 1];
    uint32_t actions;
    char pattern[LIMIT_PATTERN + 1];
    int64_t expires_s; /* 0 = never */
    int state;
    int64_t created_s;
};

/* These four: R_NOT_FOUND when there is none. By name and by key: of those that have not ended. */
MUST_USE enum result store_boundary(struct store *store, int64_t id, struct boundary *ret,
                                    struct err *err);
MUST_USE enum result store_boundary_named(struct store *store, struct bytes name,
                                          struct boundary *ret, struct err *err);
MUST_USE enum result store_boundary_token(struct store *store, const uint8_t hash[32],
                                          struct boundary *ret, struct err *err);
MUST_USE enum result store_boundary_key(struct store *store, const uint8_t spki[32],
                                        struct boundary *ret, struct err *err);

/* By id. filter->open_only: not those that ended. */
STORE_VISIT(boundary_visit, struct boundary);
MUST_USE enum result store_boundaries(struct store *store, const struct filter *filter,
                                      boundary_visit visit, void *ctx, struct err *err);

/* A boundary's services in use, by name: at most LIMIT_SERVICES. */
MUST_USE enum result store_services(struct store *store, int64_t boundary,
                                    struct boundary_service ret[LIMIT_SERVICES], size_t *ret_n,
                                    struct err *err);
/* Has any boundary a service of that name in use? */
MUST_USE enum result store_has_service(struct store *store, struct bytes name, bool *ret,
                                       struct err *err);

MUST_USE enum result store_binding(struct store *store, int64_t id, struct binding *ret,
                                   struct err *err);
/* By id. filter->open_only: in use and, at filter->now_s, not expired. filter->owner: his alone, or
 * one of his devices'. `service` empty: any. */
STORE_VISIT(binding_visit, struct binding);
MUST_USE enum result store_bindings(struct store *store, const struct filter *filter,
                                    struct bytes service, binding_visit visit, void *ctx,
                                    struct err *err);

struct binding_page {
    size_t n;
    int64_t ids[64];
};
/* Those in use that are for this device alone: the first with ids above `after`. Fewer than there
 * is room for are the last. */
MUST_USE enum result store_bindings_of_device(struct store *store, const struct device *device,
                                              int64_t after, struct binding_page *ret,
                                              struct err *err);

/* Pending and current certificates over a key, the newest first. */
MUST_USE enum result store_live_with_key(struct store *store, const uint8_t spki[32],
                                         struct certificate *ret, size_t max, size_t *ret_n,
                                         struct err *err);

#endif
