/* Waivers: who answers for which findings, until when. */
#include "answer.h"

#define STATE_EXPIRED 3 /* nobody ended it, and no entry says that it is over */

static uint8_t state_now(const struct query *query, const struct waiver *waiver)
{
    bool is_over = waiver->state == WAIVER_STANDS && waiver->expires_s <= query->now_s;
    return (uint8_t)(is_over ? STATE_EXPIRED : waiver->state);
}

/* Names of what it covers. */
static enum result name_scope(const struct query *query, const struct waiver *waiver,
                              struct product *product, struct device *device, struct err *err)
{
    if (waiver->product != 0)
        TRY(store_product(query->store, waiver->product, product, err));
    return waiver->device == 0 ? OK : store_device(query->store, waiver->device, device, err);
}

/* Empty when it was erased. */
static enum result put_reason(const struct query *query, const struct waiver *waiver,
                              struct buf *to, struct err *err)
{
    enum result result = store_personal(query->store, waiver->reason, to, err);
    return result == R_NOT_FOUND ? OK : result;
}

static enum result visit(void *context, const struct waiver *waiver, struct err *err)
{
    struct page *page = context;
    const struct query *query = page->query;
    uint8_t reason_space[LIMIT_TEXT], name_space[LIMIT_NAME];
    struct buf reason = buf_over(reason_space, sizeof reason_space);
    struct buf name = buf_over(name_space, sizeof name_space);
    struct product product = {0};
    struct device device = {0};
    if (!page_takes(page, waiver->id))
        return OK;
    TRY(name_scope(query, waiver, &product, &device, err));
    TRY(put_reason(query, waiver, &reason, err));
    TRY(query_put_operator(query, waiver->asked_by, &name, err));
    const struct msg_waiver_row row = {
        .id = query->asked->id,
        .row = waiver->id,
        .check = (uint8_t)waiver->check,
        .product = query_text(product.name),
        .serial_number = query_text(device.serial_number),
        .of_owner = query_text(waiver->of_owner),
        .answers = query_text(waiver->answers),
        .reason = buf_bytes(&reason),
        .asked_by = buf_bytes(&name),
        .state = state_now(query, waiver),
        .created_s = waiver->created_s,
        .expires_s = waiver->expires_s,
        .ended_s = waiver->ended_s,
    };
    return query->give(query->context, IPC_WAIVER_ROW, &row, err);
}

enum result query_waivers(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    struct page page = {.query = query};
    TRY(query_filter(query, &filter, &nothing, err));
    filter.open_only = query->asked->number != 1;
    filter.now_s = query->now_s;
    if (!nothing)
        TRY(store_waivers(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
