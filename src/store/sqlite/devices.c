#include "rows.h"

#include <base/limits.h>
#include <base/text.h>

#include <string.h>

#define ACTIVE 3 /* trust/words.h STATE_ACTIVE: the one state without an index */

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

enum result store_device_version(struct store *store, int64_t id, int64_t *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE_VERSION);
    query_put_int(&q, id);
    return query_one_int(&q, ret, err);
}

/* A reader keeps nothing beyond its snapshot. */
static enum result keep_product(struct query *query, struct product *ret, struct err *err)
{
    struct kept_product *kept = &query->store->product;
    kept->is_known = false;
    TRY(next_product(query, &kept->row, err));
    kept->is_known = query->store->mode == STORE_WRITE || query->store->is_open;
    *ret = kept->row;
    return OK;
}

enum result store_product(struct store *store, int64_t id, struct product *ret, struct err *err)
{
    if (store->product.is_known && store->product.row.id == id) {
        *ret = store->product.row;
        return OK;
    }
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PRODUCT);
    query_put_int(&q, id);
    return keep_product(&q, ret, err);
}

enum result store_product_named(struct store *store, struct bytes name, struct product *ret,
                                struct err *err)
{
    if (store->product.is_known && bytes_equal(text_bytes(store->product.row.name), name)) {
        *ret = store->product.row;
        return OK;
    }
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PRODUCT_NAMED);
    query_put_text(&q, name);
    return keep_product(&q, ret, err);
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

/* ---- lists ---- */

/* The index that leaves the fewest to pass over. */
static enum statement statement_for(const struct filter *filter)
{
    bool has_owner = !bytes_is_empty(filter->owner);
    if (!bytes_is_empty(filter->serial_prefix))
        return filter->product != 0 ? STATEMENT_DEVICES_OF_PRODUCT : STATEMENT_DEVICES_BY_SERIAL;
    if (!bytes_is_empty(filter->batch))
        return STATEMENT_DEVICES_OF_BATCH;
    if (filter->state != 0 && filter->state != ACTIVE)
        return STATEMENT_DEVICES_OF_STATE;
    if (has_owner)
        return STATEMENT_DEVICES_OF_OWNER;
    if (filter->product != 0)
        return STATEMENT_DEVICES_OF_PRODUCT;
    return STATEMENT_DEVICES;
}

/* Serial numbers are printable ASCII: nothing that begins with the prefix is above this. */
struct beyond {
    uint8_t text[LIMIT_SERIAL_NUMBER + 1];
    size_t n;
};

static struct beyond beyond(struct bytes prefix)
{
    struct beyond out = {.n = prefix.n < LIMIT_SERIAL_NUMBER ? prefix.n : LIMIT_SERIAL_NUMBER};
    if (out.n > 0)
        memcpy(out.text, prefix.p, out.n);
    out.text[out.n++] = 0x7f;
    return out;
}

static enum result next_of_list(struct query *query, struct device *ret, struct err *err)
{
    TRY(query_next(query, err));
    read_device(query, ret);
    return query_row_ok(query, err);
}

enum result store_devices(struct store *store, const struct filter *filter, device_visit visit,
                          void *ctx, struct err *err)
{
    struct beyond last = beyond(filter->serial_prefix);
    struct walk walk = {.filter = filter};
    struct device row;
    enum statement statement = statement_for(filter);
    bool goes_on = true, fits = false;
    CLEANUP(query_end) struct query q = query_of(store, statement);
    query_put_walk(&q, filter);
    query_put_int(&q, filter->product);
    query_put_int(&q, filter->state);
    query_put_text(&q, filter->owner);
    query_put_text(&q, filter->batch);
    query_put_int(&q, filter->issuer);
    query_put_int(&q, filter->now_s);
    if (statement == STATEMENT_DEVICES_OF_PRODUCT || statement == STATEMENT_DEVICES_BY_SERIAL) {
        query_put_text(&q, filter->serial_prefix);
        query_put_text(&q, bytes_of(last.text, last.n));
    }
    enum result result = OK;
    while (goes_on && (result = next_of_list(&q, &row, err)) == OK) {
        goes_on = walk_on(&walk, &q, row.id, &fits);
        if (fits)
            TRY(visit(ctx, &row, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}
