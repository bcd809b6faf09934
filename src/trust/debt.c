#include <trust/debt.h>

const char *debt_by_word(enum debt_by by)
{
    static const char *const words[DEBT_BY_COUNT] = {"nothing", "product",  "owner",
                                                     "check",   "severity", "device"};
    return words[by < DEBT_BY_COUNT ? by : DEBT_BY_NOTHING];
}

static enum result too_much(struct err *err)
{
    return err_set(err, E_STORE_CORRUPT, "debt: seen more than 63 bits, wanted seconds");
}

/* *debt_s += weight x seconds. */
static enum result add(int64_t *debt_s, enum severity severity, int64_t seconds, struct err *err)
{
    int64_t weighted = 0, sum = 0;
    if (__builtin_mul_overflow((int64_t)severity_weight(severity), seconds, &weighted) ||
        __builtin_add_overflow(*debt_s, weighted, &sum))
        return too_much(err);
    *debt_s = sum;
    return OK;
}

enum result debt_add_open(int64_t *debt_s, const struct debt_sum *sum, int64_t at_s,
                          struct err *err)
{
    int64_t until = 0, seconds = 0;
    if (__builtin_mul_overflow(sum->n, at_s, &until) ||
        __builtin_sub_overflow(until, sum->began_s, &seconds))
        return too_much(err);
    return add(debt_s, sum->severity, seconds, err);
}

enum result debt_add_paid(int64_t *debt_s, const struct debt_sum *sum, struct err *err)
{
    int64_t seconds = 0;
    if (__builtin_sub_overflow(sum->ended_s, sum->began_s, &seconds))
        return too_much(err);
    return add(debt_s, sum->severity, seconds, err);
}

enum result debt_accrued(int64_t before_s, int64_t after_s, int64_t paid_s, int64_t *ret_s,
                         struct err *err)
{
    int64_t grown = 0, accrued = 0;
    if (__builtin_sub_overflow(after_s, before_s, &grown) ||
        __builtin_add_overflow(grown, paid_s, &accrued))
        return too_much(err);
    *ret_s = accrued;
    return OK;
}
