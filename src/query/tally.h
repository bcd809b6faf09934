/* Debt of every group that a question asks for, from the store's sums by the formula of trust/. */
#ifndef QUERY_TALLY_H
#define QUERY_TALLY_H

#include <store/debt.h>
#include <trust/check.h>
#include <trust/debt.h>

struct query;

/* What is owed of one key (store/debt.h: struct debt_row). */
struct debt_group {
    int64_t key;
    char text[LIMIT_NAME + 1];
    int64_t open;   /* findings, waived ones too */
    int64_t owed_s; /* theirs */
    int64_t oldest_s;
    int64_t own[SEVERITY_CRITICAL + 1]; /* of each severity, those that no waiver covers */
    int64_t waived;                     /* those of them that a waiver covers */
    int64_t waived_s;
    int64_t before_s;
    int64_t paid; /* findings */
    int64_t paid_s;
};

/* The most severe that is open and that no waiver covers; SEVERITY_NONE: there is none. */
enum severity debt_group_worst(const struct debt_group *group);

/* Calls `take` for each group in the order of the keys, and fills `ret_total`. `filter->weights` is
 * filled here. */
typedef enum result (*tally_take)(void *context, const struct debt_group *group, struct err *err);
MUST_USE enum result tally(const struct query *query, const struct debt_filter *filter,
                           tally_take take, void *context, struct debt_group *ret_total,
                           struct err *err);

/* How old the open findings of the asker's scope are, by severity. */
MUST_USE enum result tally_ages(const struct query *query, ages_visit visit, void *context,
                                struct err *err);

#endif
