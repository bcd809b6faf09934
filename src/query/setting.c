/* A setting of the policy in force for a product, and where it comes from. */
#include "answer.h"

#include <registry/policy.h>
#include <trust/policy_body.h>

#include <stdio.h>

/* The nearest that says it; a product's own columns are the product's word once they differ. */
static enum result find_source(const struct query *query, int64_t product,
                               const struct policy_row *row, bool is_normal, const char **ret,
                               struct err *err)
{
    struct policy_part fleet, own;
    TRY(policy_read_part(query->store, 0, &fleet, err));
    TRY(policy_read_part(query->store, product, &own, err));
    if (policy_names(&own, row))
        *ret = "product";
    else if (policy_names(&fleet, row))
        *ret = "fleet";
    else
        *ret = is_normal ? "default" : "product";
    return OK;
}

enum result query_setting(const struct query *query, const struct product *product,
                          const struct policy_row *row, struct setting_value *ret, struct err *err)
{
    struct policy policy;
    TRY(policy_read(query->store, product, &policy, err));
    int64_t value = policy_value(&policy, row);
    snprintf(ret->text, sizeof ret->text, "%s", policy_value_text(row, value).text);
    return find_source(query, product->id, row, value == row->normal, &ret->source, err);
}
