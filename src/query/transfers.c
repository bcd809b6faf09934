/* Transfers of ownership, for both sides. */
#include "answer.h"

#include <trust/words.h>

/* One that nobody accepted in time is expired, although no entry says so. */
static uint8_t state_now(const struct query *query, const struct transfer_row *row)
{
    bool waits = row->state == TRANSFER_ASKED || row->state == TRANSFER_RELEASED;
    return (uint8_t)(waits && query->now_s > row->expires_s ? TRANSFER_EXPIRED : row->state);
}

static enum result give(const struct query *query, const struct transfer_row *row,
                        struct bytes body, struct err *err)
{
    uint8_t releaser_space[LIMIT_NAME], accepter_space[LIMIT_NAME];
    struct buf releaser = buf_over(releaser_space, sizeof releaser_space);
    struct buf accepter = buf_over(accepter_space, sizeof accepter_space);
    struct device device = {0};
    struct product product = {0};
    TRY(store_device(query->store, row->device, &device, err));
    TRY(store_product(query->store, device.product, &product, err));
    TRY(query_put_operator(query, row->releaser, &releaser, err));
    TRY(query_put_operator(query, row->accepter, &accepter, err));
    const struct msg_transfer_row given = {
        .id = query->asked->id,
        .row = row->id,
        .product = query_text(product.name),
        .serial_number = query_text(device.serial_number),
        .from_owner = query_text(row->from),
        .to_owner = query_text(row->to),
        .state = state_now(query, row),
        .created_s = row->created_s,
        .expires_s = row->expires_s,
        .released_by = buf_bytes(&releaser),
        .accepted_by = buf_bytes(&accepter),
        .body = body,
    };
    return query->give(query->context, IPC_TRANSFER_ROW, &given, err);
}

static enum result visit(void *context, const struct transfer_row *row, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, row->id))
        return OK;
    return give(page->query, row, bytes_of(NULL, 0), err);
}

enum result query_transfers(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    const struct filter filter = {
        .after = query->asked->after,
        .limit = query->limit + 1,
        .owner = query_scope(query),
        .open_only = query->asked->number != 1,
    };
    TRY(store_transfers(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}

static bool is_seen(const struct query *query, const struct transfer_row *row)
{
    struct bytes scope = query_scope(query);
    return scope.n == 0 || bytes_equal(scope, query_text(row->from)) ||
           bytes_equal(scope, query_text(row->to));
}

enum result query_find_transfer(const struct query *query, struct transfer_row *ret,
                                struct err *err)
{
    enum result result = store_transfer(query->store, query->asked->number, ret, err);
    if (result == R_NOT_FOUND || (result == OK && !is_seen(query, ret)))
        return err_set(err, E_NOT_FOUND, "there is no transfer %lld",
                       (long long)query->asked->number);
    return result;
}

enum result query_transfer(struct query *query, struct err *err)
{
    struct transfer_row row;
    TRY(query_find_transfer(query, &row, err));
    return give(query, &row, bytes_of(row.body, row.body_n), err);
}
