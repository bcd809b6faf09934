#include <wire/reader.h>

bool reader_fail_because(struct reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    r->left = 0;
    return false;
}

bool reader_refuse(struct reader *r)
{
    return reader_fail_because(r, "refused");
}

uint64_t reader_be(struct reader *r, size_t n)
{
    struct bytes b = reader_bytes(r, n);
    uint64_t v = 0;
    /*@ loop invariant 0 <= i <= b.n;
        loop assigns i, v;
        loop variant b.n - i; */
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)reader_be(r, 1);
}

uint16_t reader_u16be(struct reader *r)
{
    return (uint16_t)reader_be(r, 2);
}

uint32_t reader_u32be(struct reader *r)
{
    return (uint32_t)reader_be(r, 4);
}

uint64_t reader_u64be(struct reader *r)
{
    return reader_be(r, 8);
}

struct bytes reader_bytes(struct reader *r, size_t n)
{
    if (n > r->left) {
        reader_fail(r, "input ends too early");
        return bytes_of(NULL, 0);
    }
    struct bytes b = bytes_of(r->p, n);
    if (n > 0)
        r->p += n;
    r->left -= n;
    return b;
}

struct bytes reader_rest(struct reader *r)
{
    return reader_bytes(r, r->left);
}

bool reader_end(struct reader *r)
{
    if (r->left > 0)
        return reader_fail(r, "bytes are left over at the end");
    return reader_ok(r);
}
