#include <wire/status_list.h>

// Claims: RFC 8392 4, draft-ietf-oauth-status-list 5.2, and ours from the private range.
enum { SUBJECT = 2, EXPIRES = 4, ISSUED = 6, STATUS_LIST = 65533, TTL = 65534, TROTH = -70001 };

#define BITS 2

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static void read_claim(struct reader *r, struct cbor_map *map, int64_t wanted)
{
    struct cbor_key key = {0};
    expect(r, cbor_map_next(map, r, &key) && !key.is_text && key.number == wanted,
           "status list: claims 2, 4, 6, 65533, 65534 and -70001, and no other");
}

static void read_member(struct reader *r, struct cbor_map *map, struct bytes wanted)
{
    struct cbor_key key = {0};
    expect(r, cbor_map_next(map, r, &key) && key.is_text && bytes_equal(key.text, wanted),
           "status list: 'lst' and 'bits', and no other");
}

// Core deterministic order: the shorter key is the lesser one.
static struct bytes read_octets(struct reader *r)
{
    struct cbor_map map = cbor_read_map(r);
    expect(r, map.left == 2, "status list: 'lst' and 'bits', and no other");
    read_member(r, &map, bytes_text("lst"));
    struct bytes octets = cbor_read_bytes(r);
    read_member(r, &map, bytes_text("bits"));
    expect(r, cbor_read_uint(r) == BITS, "status list: two bits each");
    expect(r, octets.n > 0 && octets.n <= STATUS_LIST_MAX, "status list: of one shard at most");
    return octets;
}

static uint64_t read_below(struct reader *r, uint64_t bound, const char *rule)
{
    uint64_t v = cbor_read_uint(r);
    expect(r, v < bound, rule);
    return v < bound ? v : 0;
}

static void read_place(struct reader *r, struct status_list *ret)
{
    expect(r, cbor_read_array(r) == 5, "status list: generation, issuer, class, shard and high");
    ret->generation = cbor_read_uint(r);
    ret->space.issuer = (uint32_t)read_below(r, UINT32_MAX, "status list: an issuer's number");
    ret->space.expiry_class = (uint8_t)read_below(r, 256, "status list: a class below 256");
    ret->space.shard =
        (uint16_t)read_below(r, STATUS_SHARDS_MAX, "status list: a shard below 4096");
    ret->high = (uint32_t)read_below(r, STATUS_SHARD_SIZE + 1, "status list: 2^20 indices at most");
    expect(r, ret->space.issuer != 0 && ret->generation != 0,
           "status list: issuer and generation are above 0");
}

bool status_list_read(struct bytes payload, struct status_list *ret, const char **ret_why)
{
    struct reader r = reader_of(payload);
    struct status_list list = {0};
    struct cbor_map map = cbor_read_map(&r);
    expect(&r, map.left == 6, "status list: claims 2, 4, 6, 65533, 65534 and -70001, and no other");
    read_claim(&r, &map, SUBJECT);
    list.subject = cbor_read_text(&r);
    expect(&r, list.subject.n <= STATUS_LIST_SUBJECT_MAX, "status list: a subject of 320 octets");
    read_claim(&r, &map, EXPIRES);
    list.expires_s = (int64_t)read_below(&r, INT64_MAX, "status list: a time of 63 bits");
    read_claim(&r, &map, ISSUED);
    list.issued_s = (int64_t)read_below(&r, INT64_MAX, "status list: a time of 63 bits");
    read_claim(&r, &map, STATUS_LIST);
    list.compressed = read_octets(&r);
    read_claim(&r, &map, TTL);
    list.ttl_s = (int64_t)read_below(&r, INT64_MAX, "status list: a time of 63 bits");
    read_claim(&r, &map, TROTH);
    read_place(&r, &list);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = list;
    return true;
}

void status_list_write(struct buf *b, const struct status_list *list)
{
    cbor_write_map(b, 6);
    cbor_write_int(b, SUBJECT);
    cbor_write_text(b, list->subject);
    cbor_write_int(b, EXPIRES);
    cbor_write_int(b, list->expires_s);
    cbor_write_int(b, ISSUED);
    cbor_write_int(b, list->issued_s);
    cbor_write_int(b, STATUS_LIST);
    cbor_write_map(b, 2);
    cbor_write_text(b, bytes_text("lst"));
    cbor_write_bytes(b, list->compressed);
    cbor_write_text(b, bytes_text("bits"));
    cbor_write_int(b, BITS);
    cbor_write_int(b, TTL);
    cbor_write_int(b, list->ttl_s);
    cbor_write_int(b, TROTH);
    cbor_write_array(b, 5);
    cbor_write_uint(b, list->generation);
    cbor_write_uint(b, list->space.issuer);
    cbor_write_uint(b, list->space.expiry_class);
    cbor_write_uint(b, list->space.shard);
    cbor_write_uint(b, list->high);
}
