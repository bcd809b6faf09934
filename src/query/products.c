#include "answer.h"

#include <registry/subject.h>

/* An operator with a scope sees the products of his devices. How many devices others have is not
 * for him: -1. */
static enum result count_devices(const struct query *query, int64_t product, bool *ret_is_seen,
                                 int64_t *ret_n, struct err *err)
{
    bool has_scope = query_scope(query).n > 0;
    TRY(store_count_devices(query->store, product, query_scope(query), ret_n, err));
    *ret_is_seen = !has_scope || *ret_n > 0;
    if (has_scope)
        *ret_n = -1;
    return OK;
}

static enum result give_product(const struct query *query, const struct product *product,
                                int64_t devices, struct err *err)
{
    const struct msg_product_row row = {
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
        .devices = devices,
    };
    return query->give(query->context, IPC_PRODUCT_ROW, &row, err);
}

static enum result visit(void *context, const struct product *product, struct err *err)
{
    struct page *page = context;
    bool is_seen = false;
    int64_t devices = 0;
    if (!page_takes(page, product->id))
        return OK;
    TRY(count_devices(page->query, product->id, &is_seen, &devices, err));
    return is_seen ? give_product(page->query, product, devices, err) : OK;
}

enum result query_products(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    struct filter filter = {.after = query->asked->after, .limit = query->limit + 1};
    TRY(store_products(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
