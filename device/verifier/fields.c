#include "fields.h"

uint32_t field_read_u32(struct reader *r)
{
    uint64_t v = cbor_read_uint(r);
    if (v <= UINT32_MAX)
        return (uint32_t)v;
    reader_fail(r, "a number of more than 32 bits");
    return 0;
}

int32_t field_narrow(int64_t v)
{
    return v == (int32_t)v ? (int32_t)v : FIELD_NONE;
}

int32_t field_read_i32(struct reader *r)
{
    int32_t v = field_narrow(cbor_read_int(r));
    if (v == FIELD_NONE)
        reader_fail(r, "a number of more than 32 bits");
    return v;
}

void field_read_octets(struct reader *r, struct troth_octets *ret)
{
    struct bytes octets = cbor_read_bytes(r);
    *ret = (struct troth_octets){octets.p, octets.n};
}

void field_read_item(struct reader *r, struct field_item *ret)
{
    const uint8_t *from = r->p;
    ret->content = cbor_read_bytes(r);
    ret->whole = bytes_of(from, reader_ok(r) ? (size_t)(r->p - from) : 0);
}

struct bytes field_read_list(struct reader *r)
{
    const uint8_t *from = r->p;
    for (size_t left = cbor_read_array(r); left > 0 && reader_ok(r); left--) {
        if (cbor_peek(r) == CBOR_NULL)
            cbor_read_null(r);
        else
            (void)cbor_read_bytes(r);
    }
    return bytes_of(from, reader_ok(r) ? (size_t)(r->p - from) : 0);
}

bool field_next(struct cbor_map *map, struct reader *r, int32_t *ret_key)
{
    struct cbor_key key;
    bool is_there = cbor_map_next(map, r, &key);
    *ret_key = key.is_text ? FIELD_NONE : field_narrow(key.number);
    return is_there;
}
