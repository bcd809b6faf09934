/* Policies in force, and who says what in them. */
#ifndef QUERY_IN_FORCE_H
#define QUERY_IN_FORCE_H

#include "answer.h"

#include <trust/policy_body.h>

/* The policy in force for a product (NULL: the fleet's), and who says what in it. */
struct in_force {
    struct policy policy;
    struct policy_part fleet, own;
};
MUST_USE enum result query_in_force(const struct query *query, const struct product *product,
                                    struct in_force *ret, struct err *err);
/* POLICY_FROM_* of a setting, and of a check's effect. */
uint8_t query_source(const struct in_force *in_force, const struct policy_row *row);
uint8_t query_effect_source(const struct in_force *in_force, int check);

/* A setting as people write it; and whether the default, the fleet or the product says so. */
struct setting_value {
    char text[32];
    const char *source;
};
MUST_USE enum result query_setting(const struct query *query, const struct product *product,
                                   const struct policy_row *row, struct setting_value *ret,
                                   struct err *err);

#endif
