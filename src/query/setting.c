/* A setting of the policy in force for a product, and where it comes from. */
#include "answer.h"

#include <registry/subject.h>

#include <stdio.h>
#include <string.h>

enum result query_setting(const struct query *query, const struct product *product,
                          const struct policy_row *row, struct setting_value *ret, struct err *err)
{
    (void)query;
    (void)err;
    const struct subject subject = {.product = *product};
    struct policy policy = subject_policy(&subject);
    int64_t value = 0;
    memcpy(&value, (const char *)&policy + row->at, sizeof value);
    snprintf(ret->text, sizeof ret->text, "%lld", (long long)value);
    ret->source = value != row->normal ? "product" : "default";
    return OK;
}
