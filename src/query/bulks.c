/* Verbs on many devices, and how far they are. */
#include "answer.h"

/* Whoever has a scope sees what he asked for himself. */
static bool can_see(const struct query *query, const struct bulk *bulk)
{
    return query_scope(query).n == 0 || bulk->asker == query->who.id;
}

static enum result find_product(const struct query *query, const struct bulk *bulk,
                                struct product *ret, struct err *err)
{
    return bulk->product == 0 ? OK : store_product(query->store, bulk->product, ret, err);
}

static enum result give(const struct query *query, const struct bulk *bulk, struct err *err)
{
    uint8_t space[LIMIT_NAME];
    struct buf asker = buf_over(space, sizeof space);
    struct product product = {0};
    struct msg_bulk_row row = {
        .id = query->asked->id,
        .row = bulk->id,
        .verb = (uint8_t)bulk->verb,
        .reason = (uint8_t)bulk->reason,
        .owner = query_text(bulk->owner),
        .batch = query_text(bulk->batch),
        .listed = bulk->listed,
        .state = (uint8_t)bulk->state,
        .devices = bulk->devices,
        .certificates = bulk->certificates,
        .done = bulk->done,
        .created_s = bulk->created_at_s,
        .ended_s = bulk->ended_at_s,
    };
    TRY(find_product(query, bulk, &product, err));
    TRY(query_put_operator(query, bulk->asker, &asker, err));
    TRY(store_count_members(query->store, bulk->id, &row.left, err));
    row.product = query_text(product.name);
    row.asker = buf_bytes(&asker);
    return query->give(query->context, IPC_BULK_ROW, &row, err);
}

static enum result visit(void *context, const struct bulk *bulk, struct err *err)
{
    struct page *page = context;
    if (!can_see(page->query, bulk) || !page_takes(page, bulk->id))
        return OK;
    return give(page->query, bulk, err);
}

enum result query_bulks(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    bool has_scope = query_scope(query).n > 0;
    const struct filter filter = {
        .after = query->asked->after,
        .limit = has_scope ? 0 : query->limit + 1,
    };
    TRY(store_bulks(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}

enum result query_bulk(struct query *query, struct err *err)
{
    struct bulk bulk = {0};
    enum result result = store_bulk(query->store, query->asked->number, &bulk, err);
    if (result == R_NOT_FOUND || (result == OK && !can_see(query, &bulk)))
        return err_set(err, E_NOT_FOUND, "there is no bulk %lld", (long long)query->asked->number);
    TRY(result);
    return give(query, &bulk, err);
}
