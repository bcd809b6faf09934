/* Sums over findings, for debt (trust/debt.h has the formula). */
#ifndef STORE_DEBT_H
#define STORE_DEBT_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/bytes.h>

#include <stdint.h>

struct store;

/* Which findings a sum is over. */
enum debt_part {
    DEBT_PART_OPEN,   /* open at `at_s` */
    DEBT_PART_BEFORE, /* open at `since_s` */
    DEBT_PART_PAID,   /* closed behind `since_s` and by `at_s`, for good */
    DEBT_PART_WAIVED, /* of the open ones, those that a waiver in force at `at_s` covers */
    DEBT_PARTS
};

struct debt_filter {
    int by; /* trust/debt.h: enum debt_by */
    int64_t at_s;
    int64_t since_s;     /* 0: nothing but what is open */
    int64_t product;     /* 0 = any */
    struct bytes owner;  /* as recorded; empty = any */
    const char *weights; /* a digit for each check from TD-01: the severity of rows without one */
};

struct debt_row {
    int64_t key;               /* product, check, severity or device; 0 of an owner's */
    char text[LIMIT_NAME + 1]; /* owner */
    int part;
    int severity;
    int64_t n, began_s, ended_s; /* sums; `ended_s` of DEBT_PART_PAID */
    int64_t oldest_s;            /* began first */
};

/* One row for each (key, part, severity); those of a key come together. E_STORE when a sum does not
 * fit. A failure of `visit` ends the walk and is handed on. */
typedef enum result (*debt_visit)(void *ctx, const struct debt_row *row, struct err *err);
MUST_USE enum result store_debt(struct store *store, const struct debt_filter *filter,
                                debt_visit visit, void *ctx, struct err *err);

#endif
