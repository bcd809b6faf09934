#include "answer.h"

#include <registry/subject.h>

static enum result note_device(void *context, const struct device *device, struct err *err)
{
    (void)device;
    (void)err;
    *(bool *)context = true;
    return OK;
}

/* An operator with a scope sees the products of his devices. */
static enum result is_in_scope(const struct query *query, int64_t product, bool *ret,
                               struct err *err)
{
    struct filter filter = {.limit = 1, .product = product, .owner = query_scope(query)};
    *ret = filter.owner.n == 0;
    if (*ret)
        return OK;
    return store_devices(query->store, &filter, note_device, ret, err);
}

/* How many devices others have is not for an operator with a scope: -1. */
static enum result count_devices(const struct query *query, int64_t product, int64_t *ret,
                                 struct err *err)
{
    *ret = -1;
    if (query_scope(query).n > 0)
        return OK;
    return store_count_devices(query->store, product, ret, err);
}

static enum result give_product(const struct query *query, const struct product *product,
                                struct err *err)
{
    struct msg_product_row row = {
        .id = query->asked->id,
        .row = product->id,
        .name = query_text(product->name),
        .hw_type = query_text(product->hw_type),
        .proofs = product->proofs,
        .least_proof = (uint8_t)product->least_proof,
        .validity_s = product->validity_s,
        .enrols_a_year = product->enrols_a_year,
        .grace_s = product->grace_s,
        .claims_an_hour = product->claims_an_hour,
        .keys = product_keys(product),
    };
    TRY(count_devices(query, product->id, &row.devices, err));
    return query->give(query->context, IPC_PRODUCT_ROW, &row, err);
}

static enum result visit(void *context, const struct product *product, struct err *err)
{
    struct page *page = context;
    bool seen = false;
    if (!page_takes(page, product->id))
        return OK;
    TRY(is_in_scope(page->query, product->id, &seen, err));
    return seen ? give_product(page->query, product, err) : OK;
}

enum result query_products(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    struct filter filter = {.after = query->asked->after, .limit = query->limit + 1};
    TRY(store_products(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
