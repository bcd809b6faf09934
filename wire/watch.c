#include <wire/watch.h>

#define FORMAT 1

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static void read_item(struct reader *r, struct watch_item *ret)
{
    expect(r, cbor_read_array(r) == 2, "watch: an item is issuer and serial");
    uint64_t issuer = cbor_read_uint(r);
    ret->serial = cbor_read_bytes(r);
    expect(r, issuer != 0 && issuer < UINT32_MAX, "watch: an issuer's number");
    expect(r, ret->serial.n == WATCH_SERIAL_N, "watch: a serial of 16 octets");
    ret->issuer = (uint32_t)issuer;
}

struct reader watch_walk(struct bytes items)
{
    struct reader walk = reader_of(items);
    (void)cbor_read_array(&walk);
    return walk;
}

bool watch_next(struct reader *walk, struct watch_item *ret)
{
    if (walk->left == 0)
        return false;
    read_item(walk, ret);
    return reader_ok(walk);
}

static struct bytes check_items(struct reader *r)
{
    const uint8_t *start = r->p;
    struct watch_item item = {0};
    size_t n = cbor_read_array(r);
    expect(r, n > 0 && n <= WATCH_ITEMS_MAX, "watch: 1 to 1024 items");
    for (; n > 0 && reader_ok(r); n--)
        read_item(r, &item);
    return bytes_of(start, (size_t)(r->p - start));
}

bool watch_read(struct bytes octets, struct bytes *ret_items, const char **ret_why)
{
    struct reader r = reader_of(octets);
    expect(&r, cbor_read_array(&r) == 2, "watch: an array of two");
    expect(&r, cbor_read_uint(&r) == FORMAT, "watch: format 1");
    struct bytes items = check_items(&r);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret_items = items;
    return true;
}

void watch_put(struct buf *b, const struct watch_item *item)
{
    cbor_write_array(b, 2);
    cbor_write_uint(b, item->issuer);
    cbor_write_bytes(b, item->serial);
}

void watch_write(struct buf *b, struct bytes items)
{
    cbor_write_array(b, 2);
    cbor_write_uint(b, FORMAT);
    buf_put_bytes(b, items);
}
