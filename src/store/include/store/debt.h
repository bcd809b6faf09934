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

/* Open findings of one severity by age: `younger[i]` began at most finding_age_s[i] ago. */
#define FINDING_AGES 6
extern const int64_t finding_age_s[FINDING_AGES];
struct finding_ages {
    int severity;
    int64_t younger[FINDING_AGES];
    int64_t n, sum_s;
};
typedef enum result (*ages_visit)(void *ctx, const struct finding_ages *ages, struct err *err);
struct ages_filter {
    int64_t now_s;
    struct bytes owner;
    const char *weights; /* as above */
};
MUST_USE enum result store_ages(struct store *store, const struct ages_filter *filter,
                                ages_visit visit, void *ctx, struct err *err);

/* What time has yet to change: subjects whose next instant is over, the first of those instants;
 * waivers in force, and those that expired and nobody ended. */
struct store_waits {
    int64_t overdue, oldest_s;
    int64_t waivers, lapsed;
};
MUST_USE enum result store_waits(struct store *store, int64_t now_s, struct store_waits *ret,
                                 struct err *err);

#endif
