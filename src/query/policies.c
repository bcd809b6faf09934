/* Policies: their versions, and what is in force with where it comes from. */
#include "in_force.h"

#include <store/policies.h>
#include <trust/check.h>

static enum result give_version(const struct query *query, const struct policy_version *version,
                                const char *product, struct err *err)
{
    struct msg_policy_row row = {
        .id = query->asked->id,
        .row = version->id,
        .product = query_text(product),
        .version = version->version,
        .in_force = version->state == POLICY_IN_FORCE,
        .created_s = version->created_s,
        .policy = bytes_of(version->body, version->body_n),
    };
    memcpy(row.digest, version->digest, sizeof row.digest);
    return query->give(query->context, IPC_POLICY_ROW, &row, err);
}

/* ---- versions ---------------------------------------------------------------------------------
 */

/* An operator with a scope sees the fleet's, and those of products of his devices. */
static enum result visit(void *context, const struct policy_version *version, struct err *err)
{
    struct page *page = context;
    struct product product = {0};
    bool is_seen = true;
    if (!page_takes(page, version->id))
        return OK;
    if (version->product != 0) {
        TRY(query_sees_product(page->query, version->product, &is_seen, err));
        TRY(store_product(page->query->store, version->product, &product, err));
    }
    return is_seen ? give_version(page->query, version, product.name, err) : OK;
}

enum result query_policies(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    struct product product = {0};
    struct filter filter = {.after = query->asked->after, .limit = query->limit + 1};
    bool of_one = query->asked->product.n > 0;
    if (of_one)
        TRY(query_product(query, &product, err));
    filter.product = product.id;
    TRY(store_policies(query->store, &filter, of_one, visit, &page, err));
    page_end(&page);
    return OK;
}

/* ---- what is in force -------------------------------------------------------------------------
 */

static enum result give_setting(const struct query *query, const struct in_force *in_force,
                                const struct policy_row *setting, struct err *err)
{
    const struct msg_setting_row row = {
        .id = query->asked->id,
        .number = (uint8_t)setting->number,
        .value = policy_value(&in_force->policy, setting),
        .source = query_source(in_force, setting),
    };
    return query->give(query->context, IPC_SETTING_ROW, &row, err);
}

static enum result give_effect(const struct query *query, const struct in_force *in_force,
                               int check, struct err *err)
{
    const struct msg_setting_row row = {
        .id = query->asked->id,
        .check = (uint8_t)check,
        .value = in_force->policy.effect[check],
        .source = query_effect_source(in_force, check),
    };
    return query->give(query->context, IPC_SETTING_ROW, &row, err);
}

static enum result give_values(const struct query *query, const struct in_force *in_force,
                               struct err *err)
{
    const struct policy_row *row = NULL;
    const struct check *check = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        TRY(give_setting(query, in_force, row, err));
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        TRY(give_effect(query, in_force, check->number, err));
    return OK;
}

static enum result give_newest(const struct query *query, const struct product *product,
                               struct err *err)
{
    struct policy_version version;
    enum result result = store_policy(query->store, product->id, &version, err);
    if (result == R_NOT_FOUND)
        return OK;
    return result == OK ? give_version(query, &version, product->name, err) : result;
}

enum result query_policy(struct query *query, struct err *err)
{
    static const struct product fleet = {0};
    struct product product = {0};
    struct in_force in_force;
    bool of_one = query->asked->product.n > 0;
    if (of_one)
        TRY(query_product(query, &product, err));
    TRY(query_in_force(query, of_one ? &product : NULL, &in_force, err));
    TRY(give_newest(query, &fleet, err));
    if (of_one)
        TRY(give_newest(query, &product, err));
    return give_values(query, &in_force, err);
}
