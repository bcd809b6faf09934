/* Boundaries with their services, and bindings. */
#include "answer.h"

#include <store/binding_used.h>
#include <store/boundaries.h>
#include <store/boundary_seen.h>
#include <trust/boundary_words.h>

#define LIVE_MAX 16

/* ---- boundaries -------------------------------------------------------------------------------
 */

/* Names with commas between. */
static void put_names(const struct boundary_service *services, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_put_u8(to, ',');
        buf_put_bytes(to, query_text(services[i].name));
    }
}

/* Of the certificate that lasts the longest; 0 = none. */
static enum result read_end(const struct query *query, const struct boundary *row, int64_t *ret,
                            struct err *err)
{
    struct certificate live[LIVE_MAX];
    size_t n = 0;
    *ret = 0;
    if (row->has_spki && row->state == BOUNDARY_IN_USE)
        TRY(store_live_with_key(query->store, row->spki, live, LIVE_MAX, &n, err));
    for (size_t i = 0; i < n; i++)
        *ret = live[i].not_after_s > *ret ? live[i].not_after_s : *ret;
    return OK;
}

/* What it acknowledged; nothing before it was looked at. */
static enum result read_seen(const struct query *query, const struct boundary *row,
                             struct msg_boundary_row *to, struct err *err)
{
    struct boundary_seen seen = {0};
    enum result result = store_boundary_seen(query->store, row->id, &seen, err);
    to->heard_s = seen.heard_s;
    to->status_generation = (int64_t)seen.status_generation;
    to->service_generation = (int64_t)seen.service_generation;
    to->behind_since_s = seen.behind_since_s;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result give_boundary(const struct query *query, const struct boundary *row,
                                 const struct boundary_service *services, size_t n, struct err *err)
{
    uint8_t space[LIMIT_SERVICES * (LIMIT_NAME + 1)];
    struct buf names = buf_over(space, sizeof space);
    struct msg_boundary_row given = {
        .id = query->asked->id,
        .row = row->id,
        .name = query_text(row->name),
        .state = (uint8_t)row->state,
        .created_s = row->created_s,
        .token_until_s = row->has_token ? row->token_expires_s : 0,
    };
    TRY(read_seen(query, row, &given, err));
    put_names(services, n, &names);
    given.services = buf_bytes(&names);
    memcpy(given.spki, row->spki, sizeof given.spki);
    TRY(read_end(query, row, &given.not_after_s, err));
    return query->give(query->context, IPC_BOUNDARY_ROW, &given, err);
}

static enum result visit_boundary(void *context, const struct boundary *row, struct err *err)
{
    struct page *page = context;
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0;
    if (!page_takes(page, row->id))
        return OK;
    TRY(store_services(page->query->store, row->id, services, &n, err));
    return give_boundary(page->query, row, services, n, err);
}

enum result query_boundaries(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    const struct filter filter = {
        .after = query->asked->after,
        .limit = query->limit + 1,
        .open_only = query->asked->number != 1,
    };
    TRY(store_boundaries(query->store, &filter, visit_boundary, &page, err));
    page_end(&page);
    return OK;
}

enum result query_boundary(struct query *query, struct err *err)
{
    struct boundary row;
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0;
    enum result result = store_boundary_named(query->store, query->asked->name, &row, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no boundary \"%s\" in use",
                       err_value(query->asked->name).text);
    TRY(result);
    TRY(store_services(query->store, row.id, services, &n, err));
    TRY(give_boundary(query, &row, services, n, err));
    for (size_t i = 0; i < n; i++) {
        const struct msg_service_row given = {
            .id = query->asked->id,
            .name = query_text(services[i].name),
            .age_s = services[i].age_s,
            .fail_open = services[i].is_fail_open,
        };
        TRY(query->give(query->context, IPC_SERVICE_ROW, &given, err));
    }
    return OK;
}

/* ---- bindings ---------------------------------------------------------------------------------
 */

static enum result give_binding(const struct query *query, const struct binding *row,
                                struct err *err)
{
    struct product product = {0};
    int64_t used_s = 0;
    bool is_over = row->expires_s != 0 && row->expires_s <= query->now_s;
    if (row->product != 0)
        TRY(store_product(query->store, row->product, &product, err));
    TRY(store_binding_used(query->store, row->id, &used_s, err));
    const struct msg_binding_row given = {
        .id = query->asked->id,
        .row = row->id,
        .service = query_text(row->service),
        .kind = (uint8_t)row->kind,
        .product = query_text(product.name),
        .of_owner = query_text(row->kind == BINDING_OWNER ? row->value : ""),
        .serial_number = query_text(row->kind == BINDING_DEVICE ? row->value : ""),
        .actions = row->actions,
        .pattern = query_text(row->pattern),
        .in_force = row->state == BINDING_IN_USE && !is_over,
        .created_s = row->created_s,
        .expires_s = row->expires_s,
        .used_s = used_s,
    };
    return query->give(query->context, IPC_BINDING_ROW, &given, err);
}

static enum result visit_binding(void *context, const struct binding *row, struct err *err)
{
    struct page *page = context;
    return page_takes(page, row->id) ? give_binding(page->query, row, err) : OK;
}

enum result query_bindings(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    const struct filter filter = {
        .after = query->asked->after,
        .limit = query->limit + 1,
        .open_only = query->asked->number != 1,
        .now_s = query->now_s,
        .owner = query_scope(query),
    };
    TRY(store_bindings(query->store, &filter, query->asked->name, visit_binding, &page, err));
    page_end(&page);
    return OK;
}

static enum result sees(const struct query *query, const struct binding *row, bool *ret,
                        struct err *err)
{
    struct device device = {0};
    struct bytes scope = query_scope(query);
    if (row->kind == BINDING_DEVICE)
        TRY(store_device_named(query->store, row->product, query_text(row->value), &device, err));
    const char *owner = row->kind == BINDING_OWNER ? row->value : device.owner;
    *ret = scope.n == 0 || bytes_equal(scope, query_text(owner));
    return OK;
}

enum result query_binding(struct query *query, struct err *err)
{
    struct binding row;
    bool is_seen = false;
    enum result result = store_binding(query->store, query->asked->number, &row, err);
    if (result == OK)
        TRY(sees(query, &row, &is_seen, err));
    if (result == R_NOT_FOUND || (result == OK && !is_seen))
        return err_set(err, E_NOT_FOUND, "there is no binding %lld",
                       (long long)query->asked->number);
    TRY(result);
    return give_binding(query, &row, err);
}
