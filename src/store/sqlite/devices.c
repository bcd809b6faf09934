#include "rows.h"

static enum result next_product(struct query *query, struct product *ret, struct err *err)
{
    struct product row;
    TRY(query_next(query, err));
    read_product(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result visit_products(struct query *query, product_visit visit, void *ctx,
                                  struct err *err)
{
    struct product row;
    enum result result;
    while ((result = next_product(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

static enum result next_device(struct query *query, struct device *ret, struct err *err)
{
    struct device row;
    TRY(query_next(query, err));
    read_device(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

static enum result visit_devices(struct query *query, device_visit visit, void *ctx,
                                 struct err *err)
{
    struct device row;
    enum result result;
    while ((result = next_device(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_product(struct store *store, int64_t id, struct product *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PRODUCT);
    query_put_int(&q, id);
    return next_product(&q, ret, err);
}

enum result store_product_named(struct store *store, struct bytes name, struct product *ret,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PRODUCT_NAMED);
    query_put_text(&q, name);
    return next_product(&q, ret, err);
}

enum result store_products(struct store *store, const struct filter *filter, product_visit visit,
                           void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PRODUCTS);
    query_put_filter(&q, filter);
    return visit_products(&q, visit, ctx, err);
}

enum result store_device(struct store *store, int64_t id, struct device *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE);
    query_put_int(&q, id);
    return next_device(&q, ret, err);
}

enum result store_device_named(struct store *store, int64_t product, struct bytes serial_number,
                               struct device *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE_NAMED);
    query_put_int(&q, product);
    query_put_text(&q, serial_number);
    return next_device(&q, ret, err);
}

enum result store_device_registered(struct store *store, int64_t product, const uint8_t spki[32],
                                    struct device *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE_REGISTERED);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, product);
    return next_device(&q, ret, err);
}

/* Those that have a certificate of this issuer that opens something still. */
static enum result store_devices_of_issuer(struct store *store, const struct filter *filter,
                                           device_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICES_OF_ISSUER);
    query_put_filter(&q, filter);
    query_put_int(&q, filter->product);
    query_put_int(&q, filter->state);
    query_put_text(&q, filter->owner);
    query_put_int(&q, filter->issuer);
    query_put_int(&q, filter->now_s);
    return visit_devices(&q, visit, ctx, err);
}

enum result store_devices(struct store *store, const struct filter *filter, device_visit visit,
                          void *ctx, struct err *err)
{
    if (filter->issuer != 0)
        return store_devices_of_issuer(store, filter, visit, ctx, err);
    enum statement statement =
        bytes_is_empty(filter->owner) ? STATEMENT_DEVICES : STATEMENT_DEVICES_OF_OWNER;
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_filter(&q, filter);
    query_put_int(&q, filter->product);
    query_put_int(&q, filter->state);
    if (!bytes_is_empty(filter->owner))
        query_put_text(&q, filter->owner);
    return visit_devices(&q, visit, ctx, err);
}
