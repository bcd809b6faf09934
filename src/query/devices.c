#include "answer.h"

static enum result visit(void *context, const struct device *device, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, device->id))
        return OK;
    struct subject subject = {0};
    TRY(subject_read(page->query->store, device, &subject, err));
    return give_device(page->query, &subject, err);
}

enum result query_devices(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    if (nothing)
        return OK;
    filter.issuer = query->asked->number;
    filter.now_s = query->now_s;
    filter.batch = query->asked->batch;
    filter.serial_prefix = query->asked->serial_prefix;
    struct page page = {.query = query};
    filter.reached = &page.reached;
    TRY(store_devices(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
