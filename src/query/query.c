/* The table of questions: who may ask each, and by what it can be filtered. */
#include "answer.h"

#include <trust/words.h>

enum filter_bit {
    BY_AFTER = 1 << 0,
    BY_PRODUCT = 1 << 1,
    BY_DEVICE = 1 << 2, /* serial_number, and then product too */
    BY_OWNER = 1 << 3,
    BY_STATE = 1 << 4,
    BY_SERIAL = 1 << 5,
    BY_NUMBER = 1 << 6,
    BY_BATCH = 1 << 7,
    BY_PREFIX = 1 << 8, /* of serial_number */
    BY_CHECK = 1 << 9,
    BY_SEVERITY = 1 << 10,
    BY_TIME = 1 << 11, /* as of when, since when, told apart by what */
    BY_POLICY = 1 << 12,
    BY_NAME = 1 << 13,
};

struct question_info {
    enum role least; /* ROLE_NONE: nobody may ask */
    bool is_for_all; /* also for an operator with a scope */
    unsigned filters;
    enum result (*answer)(struct query *query, struct err *err);
};

static const struct question_info questions[QUESTION_COUNT] = {
    [QUESTION_PRODUCTS] = {ROLE_VIEWER, true, BY_AFTER, query_products},
    [QUESTION_ANCHORS] = {ROLE_VIEWER, true, 0, query_anchors},
    [QUESTION_DEVICES] = {ROLE_VIEWER, true,
                          BY_AFTER | BY_PRODUCT | BY_OWNER | BY_STATE | BY_NUMBER | BY_BATCH |
                              BY_PREFIX,
                          query_devices},
    [QUESTION_DEVICE] = {ROLE_VIEWER, true, BY_PRODUCT | BY_DEVICE, query_device},
    [QUESTION_TIMELINE] = {ROLE_VIEWER, true, BY_AFTER | BY_PRODUCT | BY_DEVICE, query_timeline},
    [QUESTION_CERTIFICATES] = {ROLE_VIEWER, true, BY_AFTER | BY_PRODUCT | BY_DEVICE | BY_STATE,
                               query_certificates},
    [QUESTION_CERTIFICATE] = {ROLE_VIEWER, true, BY_SERIAL, query_certificate},
    [QUESTION_FINDINGS] = {ROLE_VIEWER, true,
                           BY_AFTER | BY_PRODUCT | BY_DEVICE | BY_OWNER | BY_NUMBER | BY_CHECK |
                               BY_SEVERITY,
                           query_findings},
    [QUESTION_ISSUERS] = {ROLE_VIEWER, true, BY_NUMBER, query_issuers},
    [QUESTION_OPERATORS] = {ROLE_ADMIN, false, BY_AFTER, query_operators},
    [QUESTION_APPROVALS] = {ROLE_VIEWER, false, BY_AFTER | BY_NUMBER, query_approvals},
    [QUESTION_APPROVAL] = {ROLE_VIEWER, false, BY_NUMBER, query_approval},
    [QUESTION_TRANSFERS] = {ROLE_VIEWER, true, BY_AFTER | BY_NUMBER, query_transfers},
    [QUESTION_TRANSFER] = {ROLE_VIEWER, true, BY_NUMBER, query_transfer},
    [QUESTION_RECEIPT] = {ROLE_VIEWER, true, BY_NUMBER, query_receipt},
    [QUESTION_FOREIGN] = {ROLE_VIEWER, true, BY_AFTER | BY_PRODUCT | BY_DEVICE | BY_SERIAL,
                          query_foreign},
    [QUESTION_FOREIGN_ONE] = {ROLE_VIEWER, true, BY_NUMBER, query_foreign_one},
    [QUESTION_BULKS] = {ROLE_VIEWER, true, BY_AFTER, query_bulks},
    [QUESTION_BULK] = {ROLE_VIEWER, true, BY_NUMBER, query_bulk},
    [QUESTION_REHEARSE_ISSUER] = {ROLE_VIEWER, true, BY_NUMBER, query_rehearse_issuer},
    [QUESTION_REHEARSE_ANCHOR] = {ROLE_VIEWER, true, BY_NUMBER, query_rehearse_anchor},
    [QUESTION_REHEARSE_PRODUCT] = {ROLE_VIEWER, true, BY_PRODUCT, query_rehearse_product},
    [QUESTION_DEBT] = {ROLE_VIEWER, true, BY_PRODUCT | BY_OWNER | BY_TIME, query_debt},
    [QUESTION_CHECK] = {ROLE_VIEWER, true, BY_PRODUCT | BY_DEVICE | BY_OWNER | BY_NUMBER,
                        query_check},
    [QUESTION_GOLIVE] = {ROLE_VIEWER, false, BY_PRODUCT, query_golive},
    [QUESTION_WAIVERS] = {ROLE_VIEWER, true, BY_AFTER | BY_PRODUCT | BY_NUMBER, query_waivers},
    [QUESTION_MEASURES] = {ROLE_VIEWER, true, 0, query_measures},
    [QUESTION_POLICIES] = {ROLE_VIEWER, true, BY_AFTER | BY_PRODUCT, query_policies},
    [QUESTION_POLICY] = {ROLE_VIEWER, true, BY_PRODUCT, query_policy},
    [QUESTION_POLICY_DIFF] = {ROLE_VIEWER, false, BY_PRODUCT | BY_POLICY, query_policy_diff},
    [QUESTION_BOUNDARIES] = {ROLE_VIEWER, false, BY_AFTER | BY_NUMBER, query_boundaries},
    [QUESTION_BOUNDARY] = {ROLE_VIEWER, false, BY_NAME, query_boundary},
    [QUESTION_BINDINGS] = {ROLE_VIEWER, true, BY_AFTER | BY_NUMBER | BY_NAME, query_bindings},
    [QUESTION_BINDING] = {ROLE_VIEWER, true, BY_NUMBER, query_binding},
    [QUESTION_WEBHOOKS] = {ROLE_VIEWER, false, 0, query_webhooks},
    [QUESTION_WEBHOOK_KEY] = {ROLE_VIEWER, true, 0, query_webhook_key},
    [QUESTION_STATUS] = {ROLE_VIEWER, true, 0, query_status},
    [QUESTION_CHECKPOINT] = {ROLE_VIEWER, true, 0, query_checkpoint},
    [QUESTION_ENTRIES] = {ROLE_VIEWER, false, BY_AFTER, query_entries},
};

static unsigned filters_of(const struct msg_question *asked)
{
    return (asked->after != 0 ? BY_AFTER : 0) | (asked->product.n > 0 ? BY_PRODUCT : 0) |
           (asked->serial_number.n > 0 ? BY_DEVICE : 0) | (asked->owner.n > 0 ? BY_OWNER : 0) |
           (asked->state != 0 ? BY_STATE : 0) | (asked->serial.n > 0 ? BY_SERIAL : 0) |
           (asked->number != 0 ? BY_NUMBER : 0) | (asked->batch.n > 0 ? BY_BATCH : 0) |
           (asked->name.n > 0 ? BY_NAME : 0) | (asked->serial_prefix.n > 0 ? BY_PREFIX : 0) |
           (asked->check != 0 ? BY_CHECK : 0) | (asked->severity != 0 ? BY_SEVERITY : 0) |
           (asked->policy.n > 0 ? BY_POLICY : 0) |
           (asked->by != 0 || asked->at_s != 0 || asked->since_s != 0 ? BY_TIME : 0);
}

static enum result check_filters(const struct query *query, const struct question_info *info,
                                 struct err *err)
{
    unsigned filters = filters_of(query->asked);
    if ((filters & ~info->filters) != 0)
        return err_set(err, E_SYNTAX, "question %u has no such filter", query->asked->kind);
    if ((filters & BY_DEVICE) != 0 && (filters & BY_PRODUCT) == 0)
        return err_set(err, E_SYNTAX, "serial: seen without product, wanted both");
    if (query->asked->after < 0)
        return err_set(err, E_SYNTAX, "after: seen a number below 0");
    return OK;
}

static enum result find_asker(struct query *query, struct err *err)
{
    enum result result =
        store_operator(query->store, query->asked->operator_spki, &query->who, err);
    if (result == R_NOT_FOUND || (result == OK && query->who.state != 1))
        return err_set(err, E_OPERATOR, "no operator in use has this certificate's key");
    return result;
}

static enum result check_role(const struct query *query, const struct question_info *info,
                              struct err *err)
{
    enum role role = (enum role)query->who.role;
    if (info->least == ROLE_NONE || role < info->least)
        return err_set(err, E_OPERATOR, "role: seen %s, wanted %s", role_word(role),
                       role_word(info->least));
    if (!info->is_for_all && query_scope(query).n > 0)
        return err_set(err, E_OPERATOR, "scope: seen \"%s\", wanted an operator without one",
                       query->who.scope);
    return OK;
}

static uint32_t page_limit(uint32_t asked)
{
    return asked == 0 || asked > LIMIT_PAGE_ROWS ? LIMIT_PAGE_ROWS : asked;
}

enum result query_answer(struct query *query, struct err *err)
{
    uint8_t kind = query->asked->kind;
    if (kind >= LENGTH_OF(questions) || questions[kind].answer == NULL)
        return err_set(err, E_SYNTAX, "there is no question %u", kind);
    const struct question_info *info = &questions[kind];
    TRY(find_asker(query, err));
    TRY(check_role(query, info, err));
    TRY(check_filters(query, info, err));
    query->limit = page_limit(query->asked->limit);
    query->next = 0;
    return info->answer(query, err);
}

struct bytes query_scope(const struct query *query)
{
    return query_text(query->who.scope);
}

bool query_can_see(const struct query *query, const struct device *device)
{
    struct bytes scope = query_scope(query);
    return scope.n == 0 || bytes_equal(scope, query_text(device->owner));
}

bool page_takes(struct page *page, int64_t id)
{
    if (page->n == page->query->limit) {
        page->is_full = true;
        return false;
    }
    page->n++;
    page->query->next = id;
    return true;
}

void page_end(const struct page *page)
{
    if (!page->is_full)
        page->query->next = page->reached;
}
