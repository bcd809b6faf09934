/* Debt (design 1.3): what open findings weigh, times how long each has been so. In weighted
 * seconds: 86,400 of them are one weighted device-day.
 *
 * Pure, and linear in sums: findings of one severity are added up by whoever reads them, so that a
 * million of them cost what one does here. Debt as of T is over findings recorded by T and not
 * closed by T; each from its began instant to T. */
#ifndef TRUST_DEBT_H
#define TRUST_DEBT_H

#include <base/err.h>
#include <trust/check.h>

/* What debt is told apart by. */
enum debt_by {
    DEBT_BY_NOTHING = 0,
    DEBT_BY_PRODUCT,
    DEBT_BY_OWNER,
    DEBT_BY_CHECK,
    DEBT_BY_SEVERITY,
    DEBT_BY_DEVICE,
    DEBT_BY_COUNT
};
const char *debt_by_word(enum debt_by by); /* "nothing" for what does not exist */

/* Raised by one when the same rows would give another figure. */
#define DEBT_FORMULA 1

/* Findings of one severity: how many, and the sums of their instants. `ended_s` is of those that
 * were closed, else 0. */
struct debt_sum {
    enum severity severity;
    int64_t n;
    int64_t began_s;
    int64_t ended_s;
};

/* Adds to *debt_s what these findings, all of them open at `at_s`, owe then. E_STORE_CORRUPT, with
 * *debt_s as it was, when it does not fit into 63 bits: no row of ours leads there. */
MUST_USE enum result debt_add_open(int64_t *debt_s, const struct debt_sum *sum, int64_t at_s,
                                   struct err *err);

/* Adds what these findings owed when they were closed. A row that was closed because another goes
 * on from the same beginning paid nothing: it is none of them. */
MUST_USE enum result debt_add_paid(int64_t *debt_s, const struct debt_sum *sum, struct err *err);

/* What came in a period: after = before + accrued - paid. Below zero where findings went over to
 * another owner, or to a lower severity. */
MUST_USE enum result debt_accrued(int64_t before_s, int64_t after_s, int64_t paid_s, int64_t *ret_s,
                                  struct err *err);

#endif
