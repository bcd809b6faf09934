/* The four questions before production, and the evidence that answers them. */
#ifndef QUERY_GOLIVE_H
#define QUERY_GOLIVE_H

#include "checks.h"

struct golive {
    const struct query *query;
    struct product product;
    struct policy policy;
    struct checks of_product, of_fleet;
    int64_t by_state[STATE_COUNT];
    int64_t by_proof[PROOF_COUNT]; /* of those that enrolled and are no tombstones */
    uint32_t against, unmeasured;  /* of the question at hand */
};

struct piece {
    const char *name;
    enum known known; /* YES speaks for it, NO against it */
    bool counts;      /* the answer hangs on it */
    int check;        /* 0 = none */
    int64_t entry;    /* of the ledger; -1 = none */
};

/* Gives one piece, with its value as by printf, and counts it. */
__attribute__((format(printf, 4, 5))) MUST_USE enum result golive_give(struct golive *golive,
                                                                       const struct piece *piece,
                                                                       struct err *err,
                                                                       const char *format, ...);

/* How checks stand, a piece each: numbers, 0 at the end. */
MUST_USE enum result golive_give_checks(struct golive *golive, const struct checks *checks,
                                        const int *numbers, bool counts, struct err *err);

/* The evidence of each question. */
MUST_USE enum result golive_identity(struct golive *golive, struct err *err);
MUST_USE enum result golive_custody(struct golive *golive, struct err *err);
MUST_USE enum result golive_updates(struct golive *golive, struct err *err);
MUST_USE enum result golive_removal(struct golive *golive, struct err *err);

#endif
