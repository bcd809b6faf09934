/* A rehearsal under way: what was counted, and the steps that follow from it. */
#ifndef QUERY_REHEARSE_H
#define QUERY_REHEARSE_H

#include "answer.h"

/* What one product's devices add. */
struct part {
    struct product product;
    int64_t contact_every_s;
    bool is_idevid_open; /* another anchor of it is in use */
    bool is_known;       /* the fields above were read */
    int64_t devices, refused, doorless, silent, expired, unreachable;
    int64_t claims; /* come back by IDevID or registered key on TLS */
};

struct rehearsal {
    struct query *query;
    enum authority_kind kind; /* AUTHORITY_NONE: a product */
    int64_t row;
    char name[LIMIT_NAME + 1];
    bool is_current; /* of an issuer: the one of its kind that issues */
    struct depend_filter filter;

    int64_t parts_n; /* by the product's row */
    struct part *parts;
    int64_t certificates, operators;
    struct part sum;
};

/* What to do, in order: a row each. */
MUST_USE enum result rehearsal_give_steps(const struct rehearsal *rehearsal, struct err *err);

#endif
