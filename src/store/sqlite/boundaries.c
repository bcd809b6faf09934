#include "rows.h"

#include <store/boundaries.h>

#include <base/text.h>

static enum result next_boundary(struct query *query, struct boundary *ret, struct err *err)
{
    struct boundary row = {0};
    TRY(query_next(query, err));
    row.id = query_int(query);
    query_text(query, row.name, sizeof row.name);
    row.has_spki = query_hash(query, row.spki, sizeof row.spki);
    row.has_token = query_hash(query, row.token_hash, sizeof row.token_hash);
    row.token_expires_s = query_int(query);
    row.has_token_spki = query_hash(query, row.token_spki, sizeof row.token_spki);
    row.state = (int)query_u32(query);
    row.created_s = query_int(query);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_boundary(struct store *store, int64_t id, struct boundary *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARY);
    query_put_int(&q, id);
    return next_boundary(&q, ret, err);
}

enum result store_boundary_named(struct store *store, struct bytes name, struct boundary *ret,
                                 struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARY_NAMED);
    query_put_text(&q, name);
    return next_boundary(&q, ret, err);
}

enum result store_boundary_token(struct store *store, const uint8_t hash[32], struct boundary *ret,
                                 struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARY_TOKEN);
    query_put_blob(&q, bytes_of(hash, 32));
    return next_boundary(&q, ret, err);
}

enum result store_boundary_key(struct store *store, const uint8_t spki[32], struct boundary *ret,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARY_KEY);
    query_put_blob(&q, bytes_of(spki, 32));
    return next_boundary(&q, ret, err);
}

enum result store_boundaries(struct store *store, const struct filter *filter, boundary_visit visit,
                             void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BOUNDARIES);
    struct boundary row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, filter->open_only);
    while ((result = next_boundary(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- services ---------------------------------------------------------------------------------
 */

static enum result next_service(struct query *query, struct boundary_service *ret, struct err *err)
{
    struct boundary_service row = {0};
    TRY(query_next(query, err));
    row.id = query_int(query);
    row.boundary = query_int(query);
    query_text(query, row.name, sizeof row.name);
    row.age_s = query_int(query);
    row.is_fail_open = query_int(query) == 1;
    row.state = (int)query_u32(query);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_services(struct store *store, int64_t boundary,
                           struct boundary_service ret[LIMIT_SERVICES], size_t *ret_n,
                           struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_SERVICES);
    enum result result = OK;
    size_t n = 0;
    query_put_int(&q, boundary);
    while (n < LIMIT_SERVICES && (result = next_service(&q, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

enum result store_has_service(struct store *store, struct bytes name, bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HAS_SERVICE);
    query_put_text(&q, name);
    enum result result = query_next(&q, err);
    *ret = result == OK;
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- bindings ---------------------------------------------------------------------------------
 */

static enum result next_binding(struct query *query, struct binding *ret, struct err *err)
{
    struct binding row = {0};
    TRY(query_next(query, err));
    row.id = query_int(query);
    query_text(query, row.service, sizeof row.service);
    row.kind = (int)query_u32(query);
    row.product = query_int(query);
    query_text(query, row.value, sizeof row.value);
    row.actions = query_u32(query);
    query_text(query, row.pattern, sizeof row.pattern);
    row.expires_s = query_int(query);
    row.state = (int)query_u32(query);
    row.created_s = query_int(query);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result store_binding(struct store *store, int64_t id, struct binding *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BINDING);
    query_put_int(&q, id);
    return next_binding(&q, ret, err);
}

enum result store_bindings(struct store *store, const struct filter *filter, struct bytes service,
                           binding_visit visit, void *ctx, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BINDINGS);
    struct binding row;
    enum result result;
    query_put_filter(&q, filter);
    query_put_int(&q, filter->open_only);
    query_put_int(&q, filter->now_s);
    query_put_text(&q, filter->owner);
    query_put_text(&q, service);
    while ((result = next_binding(&q, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_bindings_of_device(struct store *store, const struct device *device,
                                     int64_t after, struct binding_page *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BINDINGS_OF_DEVICE);
    query_put_int(&q, device->product);
    query_put_text(&q, text_bytes(device->serial_number));
    query_put_int(&q, after);
    query_put_int(&q, LENGTH_OF(ret->ids));
    return query_ids(&q, ret->ids, LENGTH_OF(ret->ids), &ret->n, err);
}

/* ---- their certificates -----------------------------------------------------------------------
 */

enum result store_live_with_key(struct store *store, const uint8_t spki[32],
                                struct certificate *ret, size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LIVE_WITH_KEY);
    enum result result = OK;
    size_t n = 0;
    query_put_blob(&q, bytes_of(spki, 32));
    while (n < max && (result = query_next(&q, err)) == OK) {
        read_certificate(&q, &ret[n]);
        TRY(query_row_ok(&q, err));
        n++;
    }
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}
