#include <wire/service.h>

#define FORMAT 1
#define PARTS 9

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static bool is_name(struct bytes text)
{
    return text.n > 0 && text.n <= SERVICE_NAME_MAX;
}

static int64_t read_time(struct reader *r)
{
    uint64_t at_s = cbor_read_uint(r);
    expect(r, at_s <= INT64_MAX, "service: a time of 63 bits");
    return (int64_t)at_s;
}

// ---- one of each -------------------------------------------------------------------------------

static void read_entry(struct reader *r, struct service_entry *ret)
{
    expect(r, cbor_read_array(r) == 3, "service: one is name, age limit and fail-open");
    ret->name = cbor_read_text(r);
    uint64_t age_s = cbor_read_uint(r), is_open = cbor_read_uint(r);
    expect(r, is_name(ret->name), "service: a name of 1 to 64 octets");
    expect(r, age_s > 0 && age_s <= SERVICE_AGE_MAX_S, "service: an age limit of 1 s to a week");
    expect(r, is_open <= 1, "service: fail-open is 0 or 1");
    ret->age_s = (uint32_t)age_s;
    ret->is_fail_open = is_open == 1;
}

static void read_issuer(struct reader *r, struct service_issuer *ret)
{
    expect(r, cbor_read_array(r) == 2, "service: an issuer is its number and its certificate");
    uint64_t issuer = cbor_read_uint(r);
    ret->der = cbor_read_bytes(r);
    expect(r, issuer != 0 && issuer < UINT32_MAX, "service: an issuer's number");
    expect(r, ret->der.n > 0 && ret->der.n <= SERVICE_ISSUER_MAX,
           "service: a certificate of 1 to 4096 octets");
    ret->issuer = (uint32_t)issuer;
}

// Which of product and value a kind has.
static bool has_names_of_kind(const struct service_binding *binding)
{
    bool has_product = binding->product.n > 0, has_value = binding->value.n > 0;
    switch (binding->kind) {
    case SERVICE_KIND_PRODUCT:
        return has_product && !has_value;
    case SERVICE_KIND_OWNER:
        return has_value;
    case SERVICE_KIND_DEVICE:
        return has_product && has_value;
    case SERVICE_KIND_NONE:
    case SERVICE_KIND_COUNT:
        break;
    }
    return false;
}

static void read_binding(struct reader *r, struct service_binding *ret)
{
    const char *why = NULL;
    expect(r, cbor_read_array(r) == 7, "service: a binding is an array of seven");
    uint64_t service = cbor_read_uint(r), kind = cbor_read_uint(r);
    ret->product = cbor_read_text(r);
    ret->value = cbor_read_text(r);
    uint64_t actions = cbor_read_uint(r);
    ret->pattern = cbor_read_text(r);
    ret->expires_s = read_time(r);
    expect(r, service < SERVICE_SERVICES_MAX, "service: a binding is of one of the services");
    expect(r, kind > SERVICE_KIND_NONE && kind < SERVICE_KIND_COUNT,
           "service: a binding of a product, an owner or a device");
    expect(r, ret->product.n <= SERVICE_VALUE_MAX && ret->value.n <= SERVICE_VALUE_MAX,
           "service: a product and a value of at most 64 octets");
    if (!reader_ok(r))
        return;
    ret->service = (uint8_t)service;
    ret->kind = (enum service_kind)kind;
    expect(r, has_names_of_kind(ret), "service: a binding has the names of its kind");
    expect(r, actions > 0 && actions <= PATTERN_ACTIONS, "service: actions of four bits");
    ret->actions = (uint8_t)(actions & PATTERN_ACTIONS);
    if (reader_ok(r) && !pattern_is_fit(ret->pattern, ret->actions, &why))
        reader_fail(r, why);
}

struct reader service_walk(struct bytes items)
{
    struct reader walk = reader_of(items);
    (void)cbor_read_array(&walk);
    return walk;
}

bool service_next_entry(struct reader *walk, struct service_entry *ret)
{
    if (walk->left == 0)
        return false;
    read_entry(walk, ret);
    return reader_ok(walk);
}

bool service_next_issuer(struct reader *walk, struct service_issuer *ret)
{
    if (walk->left == 0)
        return false;
    read_issuer(walk, ret);
    return reader_ok(walk);
}

bool service_next_binding(struct reader *walk, struct service_binding *ret)
{
    if (walk->left == 0)
        return false;
    read_binding(walk, ret);
    return reader_ok(walk);
}

// ---- all of them -------------------------------------------------------------------------------

static struct bytes item_at(const uint8_t *start, const struct reader *r)
{
    return bytes_of(start, (size_t)(r->p - start));
}

static struct bytes check_entries(struct reader *r, size_t *ret_n)
{
    const uint8_t *start = r->p;
    struct service_entry last = {0}, entry = {0};
    size_t n = *ret_n = cbor_read_array(r);
    expect(r, n > 0 && n <= SERVICE_SERVICES_MAX, "service: 1 to 8 services");
    for (; n > 0 && reader_ok(r); n--) {
        read_entry(r, &entry);
        expect(r, bytes_compare(last.name, entry.name) < 0,
               "service: services stand by name, each once");
        last = entry;
    }
    return item_at(start, r);
}

static struct bytes check_issuers(struct reader *r)
{
    const uint8_t *start = r->p;
    struct service_issuer last = {0}, issuer = {0};
    size_t n = cbor_read_array(r);
    expect(r, n <= SERVICE_ISSUERS_MAX, "service: at most 64 issuers");
    for (; n > 0 && reader_ok(r); n--) {
        read_issuer(r, &issuer);
        expect(r, issuer.issuer > last.issuer, "service: issuers stand by number, each once");
        last = issuer;
    }
    return item_at(start, r);
}

static struct bytes check_bindings(struct reader *r, size_t services_n)
{
    const uint8_t *start = r->p;
    struct service_binding binding = {0};
    size_t n = cbor_read_array(r);
    expect(r, n <= SERVICE_BINDINGS_MAX, "service: at most 16384 bindings");
    for (; n > 0 && reader_ok(r); n--) {
        read_binding(r, &binding);
        expect(r, binding.service < services_n, "service: a binding is of one of the services");
    }
    return item_at(start, r);
}

bool service_read(struct bytes payload, struct service_object *ret, const char **ret_why)
{
    struct reader r = reader_of(payload);
    struct service_object service = {0};
    size_t services_n = 0;
    expect(&r, payload.n <= SERVICE_MAX, "service: an object of 262144 octets at most");
    expect(&r, cbor_read_array(&r) == PARTS, "service: an object is an array of nine");
    expect(&r, cbor_read_uint(&r) == FORMAT, "service: format 1");
    service.boundary = cbor_read_uint(&r);
    service.generation = cbor_read_uint(&r);
    service.at_s = read_time(&r);
    expect(&r, cbor_read_array(&r) == 2, "service: the ledger is size and root");
    service.ledger_size = cbor_read_uint(&r);
    service.ledger_root = cbor_read_bytes(&r);
    service.name = cbor_read_text(&r);
    service.services = check_entries(&r, &services_n);
    service.issuers = check_issuers(&r);
    service.bindings = check_bindings(&r, services_n);
    expect(&r, service.boundary != 0, "service: a boundary's number");
    expect(&r, service.generation != 0, "service: a generation is above 0");
    expect(&r, service.ledger_root.n == SERVICE_ROOT_N, "service: a hash of 32 octets");
    expect(&r, is_name(service.name), "service: a name of 1 to 64 octets");
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = service;
    return true;
}

// ---- writing -----------------------------------------------------------------------------------

void service_put_entry(struct buf *b, const struct service_entry *entry)
{
    cbor_write_array(b, 3);
    cbor_write_text(b, entry->name);
    cbor_write_uint(b, entry->age_s);
    cbor_write_uint(b, entry->is_fail_open ? 1 : 0);
}

void service_put_issuer(struct buf *b, const struct service_issuer *issuer)
{
    cbor_write_array(b, 2);
    cbor_write_uint(b, issuer->issuer);
    cbor_write_bytes(b, issuer->der);
}

void service_put_binding(struct buf *b, const struct service_binding *binding)
{
    cbor_write_array(b, 7);
    cbor_write_uint(b, binding->service);
    cbor_write_uint(b, (uint64_t)binding->kind);
    cbor_write_text(b, binding->product);
    cbor_write_text(b, binding->value);
    cbor_write_uint(b, binding->actions);
    cbor_write_text(b, binding->pattern);
    cbor_write_int(b, binding->expires_s);
}

void service_write(struct buf *b, const struct service_object *service)
{
    cbor_write_array(b, PARTS);
    cbor_write_uint(b, FORMAT);
    cbor_write_uint(b, service->boundary);
    cbor_write_uint(b, service->generation);
    cbor_write_int(b, service->at_s);
    cbor_write_array(b, 2);
    cbor_write_uint(b, service->ledger_size);
    cbor_write_bytes(b, service->ledger_root);
    cbor_write_text(b, service->name);
    buf_put_bytes(b, service->services);
    buf_put_bytes(b, service->issuers);
    buf_put_bytes(b, service->bindings);
}
