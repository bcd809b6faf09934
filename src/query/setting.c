/* A setting of the policy in force for a product, and where it comes from. */
#include "in_force.h"

#include <registry/policy.h>

#include <stdio.h>

enum result query_in_force(const struct query *query, const struct product *product,
                           struct in_force *ret, struct err *err)
{
    *ret = (struct in_force){0};
    TRY(policy_read(query->store, product, &ret->policy, err));
    if (product != NULL)
        TRY(policy_read_part(query->store, product->id, &ret->own, err));
    return policy_read_part(query->store, 0, &ret->fleet, err);
}

/* What `troth product` sets is in no policy. */
static bool is_products_own(const struct policy_row *row)
{
    return row->number == POLICY_LEAST_PROOF || row->number == POLICY_GRACE;
}

uint8_t query_source(const struct in_force *in_force, const struct policy_row *row)
{
    if (policy_names(&in_force->own, row))
        return POLICY_FROM_PRODUCT;
    if (policy_names(&in_force->fleet, row))
        return POLICY_FROM_FLEET;
    bool is_set = policy_value(&in_force->policy, row) != row->normal;
    return is_products_own(row) && is_set ? POLICY_FROM_PRODUCT : POLICY_FROM_DEFAULT;
}

uint8_t query_effect_source(const struct in_force *in_force, int check)
{
    if (policy_names_effect(&in_force->own, check))
        return POLICY_FROM_PRODUCT;
    return policy_names_effect(&in_force->fleet, check) ? POLICY_FROM_FLEET : POLICY_FROM_DEFAULT;
}

enum result query_setting(const struct query *query, const struct product *product,
                          const struct policy_row *row, struct setting_value *ret, struct err *err)
{
    static const char *const sources[] = {
        [POLICY_FROM_DEFAULT] = "default",
        [POLICY_FROM_FLEET] = "fleet",
        [POLICY_FROM_PRODUCT] = "product",
    };
    struct in_force in_force;
    TRY(query_in_force(query, product, &in_force, err));
    int64_t value = policy_value(&in_force.policy, row);
    snprintf(ret->text, sizeof ret->text, "%s", policy_value_text(row, value).text);
    ret->source = sources[query_source(&in_force, row)];
    return OK;
}
