/* Whatever standing() judges, read from the store: a device, a product, an issuer, the whole. */
#ifndef REGISTRY_ABOUT_H
#define REGISTRY_ABOUT_H

#include <store/store.h>
#include <trust/standing.h>

#define ABOUT_OPEN_MAX (2 * CHECK_MAX) /* of its own checks, and what a brake or budget raised */

struct about {
    struct subject_key key; /* enum subject_kind and id */
    int64_t product;        /* 0 = none */
    char owner[LIMIT_NAME + 1];
    size_t open_n;
    struct finding open[ABOUT_OPEN_MAX];
    struct facts facts;
    struct policy policy;
};

/* As it is at `now_s`. R_NOT_FOUND for what is not there. */
MUST_USE enum result about_read(struct store *store, struct subject_key key, int64_t now_s,
                                struct about *ret, struct err *err);

/* The finding of check `number` that is open, or NULL. */
const struct finding *about_finding(const struct about *about, int number);

#endif
