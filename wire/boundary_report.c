#include <wire/boundary_report.h>

#define FORMAT 1
#define PARTS 6
#define ITEM_PARTS 8

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static int64_t read_time(struct reader *r)
{
    uint64_t at = cbor_read_uint(r);
    expect(r, at <= INT64_MAX, "boundary report: a time of 63 bits");
    return (int64_t)at;
}

static void read_certificate(struct reader *r, struct boundary_report_item *ret)
{
    uint64_t issuer = cbor_read_uint(r);
    ret->serial = cbor_read_bytes(r);
    ret->spki_hash = cbor_read_bytes(r);
    bool has_none = boundary_report_has_no_certificate(ret->kind);
    size_t serial_n = has_none ? 0 : BOUNDARY_REPORT_SERIAL_N;
    expect(r, (issuer == 0) == has_none && issuer < UINT32_MAX,
           "boundary report: an issuer's number, of a fork or start none");
    expect(r, ret->serial.n == serial_n,
           "boundary report: a serial of 16 octets, of a fork or start none");
    expect(r, ret->spki_hash.n == 0 || ret->spki_hash.n == BOUNDARY_REPORT_HASH_N,
           "boundary report: a hash of 32 octets or none");
    ret->issuer = (uint32_t)issuer;
}

// Of services: letters, digits and . _ -, and nothing that would end or split what is made of it.
static bool is_printed(struct bytes text)
{
    bool is = true;
    for (size_t i = 0; is && i < text.n; i++)
        is = text.p[i] > 0x20 && text.p[i] < 0x7f;
    return is;
}

static void read_item(struct reader *r, struct boundary_report_item *ret)
{
    expect(r, cbor_read_array(r) == ITEM_PARTS, "boundary report: an item is an array of eight");
    uint64_t kind = cbor_read_uint(r);
    expect(r, kind > BOUNDARY_REPORT_NONE && kind < BOUNDARY_REPORT_KIND_COUNT,
           "boundary report: a kind from 1 to 9");
    ret->kind = reader_ok(r) ? (enum boundary_report_kind)kind : BOUNDARY_REPORT_NONE;
    read_certificate(r, ret);
    ret->service = cbor_read_text(r);
    ret->at_ms = read_time(r);
    uint64_t count = cbor_read_uint(r), reason = cbor_read_uint(r);
    expect(r, ret->service.n <= BOUNDARY_REPORT_SERVICE_MAX,
           "boundary report: a service's name of at most 64 octets");
    expect(r, is_printed(ret->service),
           "boundary report: a service's name without control characters");
    expect(r, count > 0 && count <= UINT32_MAX, "boundary report: a count from 1 on");
    expect(r, reason < BOUNDARY_REASON_COUNT, "boundary report: a reason that is known");
    if (!reader_ok(r))
        return;
    ret->count = (uint32_t)count;
    ret->reason = (enum boundary_reason)reason;
}

struct reader boundary_report_walk(struct bytes items)
{
    struct reader walk = reader_of(items);
    (void)cbor_read_array(&walk);
    return walk;
}

bool boundary_report_next(struct reader *walk, struct boundary_report_item *ret)
{
    if (walk->left == 0)
        return false;
    read_item(walk, ret);
    return reader_ok(walk);
}

static struct bytes check_items(struct reader *r)
{
    const uint8_t *start = r->p;
    struct boundary_report_item item = {0};
    size_t n = cbor_read_array(r);
    expect(r, n <= BOUNDARY_REPORT_ITEMS_MAX, "boundary report: at most 512 items");
    for (; n > 0 && reader_ok(r); n--)
        read_item(r, &item);
    return bytes_of(start, (size_t)(r->p - start));
}

bool boundary_report_read(struct bytes octets, struct boundary_report *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct boundary_report report = {0};
    expect(&r, octets.n <= BOUNDARY_REPORT_MAX, "boundary report: at most 65536 octets");
    expect(&r, cbor_read_array(&r) == PARTS, "boundary report: an array of six");
    expect(&r, cbor_read_uint(&r) == FORMAT, "boundary report: format 1");
    report.status_generation = cbor_read_uint(&r);
    report.service_generation = cbor_read_uint(&r);
    report.at_ms = read_time(&r);
    expect(&r, cbor_read_array(&r) == 2, "boundary report: a checkpoint is size and root");
    report.ledger_size = cbor_read_uint(&r);
    report.ledger_root = cbor_read_bytes(&r);
    expect(&r, report.ledger_root.n == (report.ledger_size == 0 ? 0 : BOUNDARY_REPORT_HASH_N),
           "boundary report: a root of 32 octets, of size 0 none");
    report.items = check_items(&r);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = report;
    return true;
}

// ---- writing -----------------------------------------------------------------------------------

void boundary_report_put(struct buf *b, const struct boundary_report_item *item)
{
    cbor_write_array(b, ITEM_PARTS);
    cbor_write_uint(b, (uint64_t)item->kind);
    cbor_write_uint(b, item->issuer);
    cbor_write_bytes(b, item->serial);
    cbor_write_bytes(b, item->spki_hash);
    cbor_write_text(b, item->service);
    cbor_write_int(b, item->at_ms);
    cbor_write_uint(b, item->count);
    cbor_write_uint(b, (uint64_t)item->reason);
}

void boundary_report_write(struct buf *b, const struct boundary_report *report)
{
    cbor_write_array(b, PARTS);
    cbor_write_uint(b, FORMAT);
    cbor_write_uint(b, report->status_generation);
    cbor_write_uint(b, report->service_generation);
    cbor_write_int(b, report->at_ms);
    cbor_write_array(b, 2);
    cbor_write_uint(b, report->ledger_size);
    cbor_write_bytes(b, report->ledger_root);
    buf_put_bytes(b, report->items);
}
