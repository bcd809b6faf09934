/* How every check stands over a scope: the fleet, a product, one device. What is open comes from
 * the findings that are kept; whether anybody measures it, from judging some of the subjects now.
 */
#ifndef QUERY_CHECKS_H
#define QUERY_CHECKS_H

#include "answer.h"
#include "tally.h"

#define CHECKS_LOOK 256 /* devices, and other CAs' certificates, that are judged for a scope */

struct checks_scope {
    int64_t product;              /* 0: the fleet */
    const struct subject *device; /* or NULL */
};

struct check_state {
    struct debt_group sums; /* waived ones too */
    struct finding oldest;  /* of what is open; row 0 = none */
};

struct checks {
    uint64_t kinds;    /* bit per enum subject_kind that the scope has, for this asker */
    uint64_t measured; /* bit per check */
    uint64_t failed;   /* likewise: those that a finding about themselves is open of */
    int64_t judged;    /* subjects */
    struct check_state at[CHECK_MAX + 1];
    struct debt_group total;
};

/* Of the asker's owner scope, or of the owner that he names. */
MUST_USE enum result checks_read(const struct query *query, const struct checks_scope *scope,
                                 struct checks *ret, struct err *err);

/* The totals of it as a check_total. */
MUST_USE enum result checks_give_total(const struct query *query, const struct checks *checks,
                                       struct err *err);

/* How many are open and not waived. */
int64_t check_open(const struct check_state *state);

/* Is the check about anything of this scope? */
bool checks_has(const struct checks *checks, const struct check *check);

/* Unmeasured, holds (NO: nothing is open), open (YES: waived or not). */
enum known check_known(const struct checks *checks, int number);

#endif
