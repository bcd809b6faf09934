#include "answer.h"

/* A finding is about a device, or about a whole product. */
static enum result name_subject(const struct query *query, const struct finding *finding,
                                struct device *device, struct product *product, struct err *err)
{
    int64_t of_product = finding->product;
    if (finding->device != 0) {
        TRY(store_device(query->store, finding->device, device, err));
        of_product = device->product;
    }
    return of_product == 0 ? OK : store_product(query->store, of_product, product, err);
}

enum result give_finding(const struct query *query, const struct finding *finding, struct err *err)
{
    struct device device = {0};
    struct product product = {0};
    TRY(name_subject(query, finding, &device, &product, err));
    const struct msg_finding_row row = {
        .id = query->asked->id,
        .row = finding->id,
        .check = (uint8_t)finding->check,
        .product = query_text(product.name),
        .serial_number = query_text(device.serial_number),
        .began_s = finding->began_at_s,
        .recorded_s = finding->recorded_at_s,
        .closed_s = finding->closed_at_s,
    };
    return query->give(query->context, IPC_FINDING_ROW, &row, err);
}

static enum result visit(void *context, const struct finding *finding, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, finding->id))
        return OK;
    return give_finding(page->query, finding, err);
}

enum result query_findings(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    filter.open_only = query->asked->number != 1;
    struct page page = {.query = query};
    TRY(store_findings(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
