/* What one boundary is told: its services, whose certificates it may let in, and the bindings. */
#include <service/boundary.h>

#include <base/blob.h>
#include <base/text.h>
#include <trust/boundary_words.h>
#include <trust/words.h>

#include <stdlib.h>

void boundary_note(struct service *service)
{
    for (size_t i = 0; i < service->act.n; i++) {
        enum table table = service->act.changes[i].table;
        if (table == TABLE_BOUNDARY || table == TABLE_SERVICE || table == TABLE_BINDING ||
            table == TABLE_ISSUER)
            service->touched_boundaries = true;
    }
}

static void put_services(struct buf *b, const struct boundary_service *services, size_t n)
{
    cbor_write_array(b, n);
    for (size_t i = 0; i < n; i++)
        service_put_entry(b, &(struct service_entry){text_bytes(services[i].name),
                                                     (uint32_t)services[i].age_s,
                                                     services[i].is_fail_open});
}

static bool lets_in(const struct service *service, uint32_t issuer)
{
    return service->issuers[issuer].id != 0 && service->issuers[issuer].kind == PKI_ISSUER_LDEVID &&
           !service_issuer_has_ended(service, issuer);
}

static void put_issuers(struct buf *b, const struct service *service)
{
    size_t n = 0;
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        n += lets_in(service, i);
    cbor_write_array(b, n);
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (lets_in(service, i))
            service_put_issuer(b, &(struct service_issuer){i, blob_bytes(&service->issuer_der[i])});
}

/* ---- bindings: their number stands before them --------------------------------------------- */

struct putting {
    struct service *service;
    struct buf *to;
    uint8_t index; /* of the service whose bindings they are */
    size_t n;
};

static enum result put_binding(void *context, const struct binding *binding, struct err *err)
{
    struct putting *putting = context;
    struct product product = {0};
    if (binding->product != 0)
        TRY(store_product(putting->service->store, binding->product, &product, err));
    service_put_binding(putting->to, &(struct service_binding){
                                         .service = putting->index,
                                         .kind = (enum service_kind)binding->kind,
                                         .product = text_bytes(product.name),
                                         .value = text_bytes(binding->value),
                                         .actions = (uint8_t)binding->actions,
                                         .pattern = text_bytes(binding->pattern),
                                         .expires_s = binding->expires_s,
                                     });
    putting->n++;
    return OK;
}

static enum result put_bindings(struct buf *b, struct service *service,
                                const struct boundary_service *services, size_t n, int64_t now_s,
                                struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(SERVICE_MAX), .n = SERVICE_MAX};
    const struct filter in_force = {.open_only = true, .now_s = now_s};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for bindings");
    struct buf items = buf_over(room.p, room.n);
    struct putting putting = {.service = service, .to = &items};
    for (size_t i = 0; i < n; i++) {
        putting.index = (uint8_t)i;
        TRY(store_bindings(service->store, &in_force, text_bytes(services[i].name), put_binding,
                           &putting, err));
    }
    cbor_write_array(b, putting.n);
    buf_put_bytes(b, buf_bytes(&items));
    if (!buf_ok(&items))
        buf_fail(b);
    return OK;
}

enum result boundary_write(struct service *service, const struct boundary *row,
                           const struct boundary_at *at, int64_t now_s, struct buf *payload,
                           struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(SERVICE_MAX), .n = SERVICE_MAX};
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0, began[3];
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for what boundary %s is told", row->name);
    TRY(store_services(service->store, row->id, services, &n, err));

    struct buf items = buf_over(room.p, room.n);
    put_services(&items, services, n);
    began[0] = items.n;
    put_issuers(&items, service);
    began[1] = items.n;
    TRY(put_bindings(&items, service, services, n, now_s, err));
    began[2] = items.n;
    if (!buf_ok(&items))
        buf_fail(payload);
    service_write(payload,
                  &(struct service_object){
                      .boundary = (uint64_t)row->id,
                      .generation = at->generation,
                      .at_s = at->at_s,
                      .ledger_size = at->ledger_size,
                      .ledger_root = at->ledger_root,
                      .name = text_bytes(row->name),
                      .services = bytes_slice(buf_bytes(&items), 0, began[0]),
                      .issuers = bytes_slice(buf_bytes(&items), began[0], began[1] - began[0]),
                      .bindings = bytes_slice(buf_bytes(&items), began[1], began[2] - began[1]),
                  });
    return OK;
}

/* ---- room ---------------------------------------------------------------------------------------
 */

struct checking {
    struct service *service;
    struct bytes of_service;
    int64_t now_s;
    struct blob room;
};

static enum result concerns(const struct checking *checking, const struct boundary *row, bool *ret,
                            struct err *err)
{
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0;
    TRY(store_services(checking->service->store, row->id, services, &n, err));
    *ret = checking->of_service.n == 0;
    for (size_t i = 0; i < n; i++)
        *ret = *ret || bytes_equal(text_bytes(services[i].name), checking->of_service);
    return OK;
}

static enum result check_one(void *context, const struct boundary *row, struct err *err)
{
    static const uint8_t root[SERVICE_ROOT_N];
    const struct boundary_at at = {UINT64_MAX, INT64_MAX, UINT64_MAX, bytes_of(root, sizeof root)};
    const struct checking *checking = context;
    struct buf payload = buf_over(checking->room.p, checking->room.n);
    bool is_one = false;
    TRY(concerns(checking, row, &is_one, err));
    if (!is_one)
        return OK;
    TRY(boundary_write(checking->service, row, &at, checking->now_s, &payload, err));
    if (!buf_ok(&payload))
        return err_set(err, E_TOO_LARGE,
                       "boundary \"%s\": what it would be told is above %d octets; wanted fewer "
                       "bindings, such as one for a product instead of one for each device",
                       row->name, SERVICE_MAX - BOUNDARY_ROOM_KEPT);
    return OK;
}

enum result boundary_check_room(struct service *service, struct bytes of_service, int64_t now_s,
                                struct err *err)
{
    const size_t most = SERVICE_MAX - BOUNDARY_ROOM_KEPT;
    CLEANUP(blob_free) struct blob room = {.p = malloc(most), .n = most};
    const struct filter all = {.open_only = true};
    struct checking checking = {service, of_service, now_s, room};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for what boundaries are told");
    return store_boundaries(service->store, &all, check_one, &checking, err);
}
