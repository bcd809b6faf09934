/* What a rehearsal counts: who depends on an issuer, an anchor or a product, with everything that
 * says whether he could come back without it; and how fast certificates were issued. */
#ifndef STORE_REHEARSE_H
#define STORE_REHEARSE_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

struct store;

enum dependence {
    DEPEND_NONE = 0,
    DEPEND_ISSUER, /* devices with a certificate of it, or of one below that root, which opens */
    DEPEND_ANCHOR, /* devices whose IDevID is below it, or can only be: expected ones of its product
                      without a registered key; not those lost or retired */
    DEPEND_PRODUCT /* its devices; not those lost or retired */
};

struct depend_filter {
    enum dependence on;
    int64_t row;
    struct bytes owner; /* empty: all */
    int64_t now_s;
};

struct dependant {
    int64_t product;
    int state; /* enum device_state */
    bool has_registered;
    int64_t idevid_anchor;
    int64_t token_until_s; /* of its last open token; 0 = none */
    int64_t seen_s;        /* 0 = never */
    int64_t certificates;  /* that open something: renewal at least */
    int64_t issued_s;      /* the newest of them; 0 = none */
    int64_t not_after_s;   /* of the one that ends last */
    bool has_other;        /* on DEPEND_ISSUER: one of another issuer, too */
};

/* One pass; a product's devices come in no order. */
typedef enum result (*dependant_visit)(void *ctx, const struct dependant *dependant,
                                       struct err *err);
MUST_USE enum result store_dependants(struct store *store, const struct depend_filter *filter,
                                      dependant_visit visit, void *ctx, struct err *err);

/* Operators in use who come with a certificate of the issuer, or of one below that root. */
MUST_USE enum result store_dependent_operators(struct store *store, int64_t issuer, int64_t now_s,
                                               int64_t *ret_n, struct err *err);

/* A product's devices, by state and by the proof that they enrolled with: one pass over them. */
struct device_group {
    int state, proof;
    int64_t n;
};
typedef enum result (*device_group_visit)(void *ctx, const struct device_group *group,
                                          struct err *err);
MUST_USE enum result store_device_groups(struct store *store, int64_t product,
                                         device_group_visit visit, void *ctx, struct err *err);
/* Permits of its devices that are open at `now_s`. */
MUST_USE enum result store_count_permits(struct store *store, int64_t product, int64_t now_s,
                                         int64_t *ret_n, struct err *err);

/* Of the ledger's entries since an instant, of which at most the last `limit` are read, those of
 * the two kinds of event that the caller says are issuing. */
struct busy_filter {
    int64_t since_s;
    uint64_t limit;
    int events[2];
};
struct busy {
    int64_t n;       /* the most within one minute; 0 = there is none */
    int64_t since_s; /* what was read begins here */
};
MUST_USE enum result store_busiest_minute(struct store *store, const struct busy_filter *filter,
                                          struct busy *ret, struct err *err);

#endif
