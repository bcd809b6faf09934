/* From the names that people use to rows, never beyond the asker's scope. */
#include "answer.h"

static enum result find_product(const struct query *query, struct product *ret, struct err *err)
{
    struct bytes name = query->asked->product;
    enum result result = store_product_named(query->store, name, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"", err_value(name).text);
    return result;
}

/* A device out of scope is not told from one that is not there. */
static enum result find_device(const struct query *query, int64_t product, struct device *ret,
                               struct err *err)
{
    struct bytes name = query->asked->serial_number;
    enum result result = store_device_named(query->store, product, name, ret, err);
    if (result == R_NOT_FOUND || (result == OK && !query_can_see(query, ret)))
        return err_set(err, E_NOT_FOUND, "there is no device \"%s\" of that product",
                       err_value(name).text);
    return result;
}

static enum result filter_names(const struct query *query, struct filter *filter, struct err *err)
{
    struct product product = {0};
    struct device device = {0};
    if (query->asked->product.n == 0)
        return OK;
    TRY(find_product(query, &product, err));
    filter->product = product.id;
    if (query->asked->serial_number.n == 0)
        return OK;
    TRY(find_device(query, product.id, &device, err));
    filter->device = device.id;
    return OK;
}

enum result query_filter(const struct query *query, struct filter *ret, bool *ret_nothing,
                         struct err *err)
{
    const struct msg_question *asked = query->asked;
    struct bytes scope = query_scope(query);
    struct filter filter = {
        .after = asked->after,
        .limit = query->limit + 1,
        .owner = scope.n > 0 ? scope : asked->owner,
        .state = asked->state,
    };
    TRY(filter_names(query, &filter, err));
    *ret = filter;
    *ret_nothing = scope.n > 0 && asked->owner.n > 0 && !bytes_equal(scope, asked->owner);
    return OK;
}

struct bytes query_owner(const struct query *query)
{
    return query_scope(query).n > 0 ? query_scope(query) : query->asked->owner;
}

enum result query_find_owner(const struct query *query, int64_t product, struct err *err)
{
    struct bytes owner = query->asked->owner;
    int64_t devices = 0;
    if (owner.n == 0)
        return OK;
    if (bytes_equal(owner, query_owner(query)))
        TRY(store_count_devices(query->store, product, owner, &devices, err));
    if (devices == 0)
        return err_set(err, E_NOT_FOUND, "there is no such device of an owner \"%s\"",
                       err_value(owner).text);
    return OK;
}

enum result query_subject(const struct query *query, struct subject *ret, struct err *err)
{
    struct product product = {0};
    struct device device = {0};
    TRY(find_product(query, &product, err));
    TRY(find_device(query, product.id, &device, err));
    return subject_read(query->store, &device, ret, err);
}

enum result query_sees_product(const struct query *query, int64_t product, bool *ret,
                               struct err *err)
{
    int64_t devices = 0;
    TRY(store_count_devices(query->store, product, query_scope(query), &devices, err));
    *ret = query_scope(query).n == 0 || devices > 0;
    return OK;
}

enum result query_product(const struct query *query, struct product *ret, struct err *err)
{
    bool seen = false;
    TRY(find_product(query, ret, err));
    TRY(query_sees_product(query, ret->id, &seen, err));
    if (!seen)
        return err_set(err, E_NOT_FOUND, "there is no product \"%s\"",
                       err_value(query->asked->product).text);
    return OK;
}
