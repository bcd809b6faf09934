#include <wire/der.h>

// Octets that a length takes after the first one.
static size_t long_length(size_t n)
{
    size_t count = 0;
    for (size_t rest = n < 0x80 ? 0 : n; rest > 0; rest >>= 8)
        count++;
    return count;
}

// Fills in a length of 1 + count octets.
static void fill_length(uint8_t *p, size_t n, size_t count)
{
    p[0] = (uint8_t)(count == 0 ? n : 0x80 | count);
    for (size_t i = count; i > 0; i--, n >>= 8)
        p[i] = (uint8_t)n;
}

// One length octet is set aside; an element that turns out longer is moved up once, at its end.
// That is cheaper than it looks: a certificate moves a few hundred bytes.
size_t der_begin(struct buf *b, uint8_t tag)
{
    buf_put_u8(b, tag);
    buf_put_u8(b, 0);
    return b->n;
}

void der_end(struct buf *b, size_t mark)
{
    if (!buf_ok(b))
        return;
    size_t n = b->n - mark;
    size_t count = long_length(n);
    if (count > 4 || !buf_claim(b, count)) {
        buf_fail(b);
        return;
    }
    if (count > 0)
        memmove(b->p + mark + count, b->p + mark, n);
    fill_length(b->p + mark - 1, n, count);
}

static void write_head(struct buf *b, uint8_t tag, size_t n)
{
    size_t count = long_length(n);
    uint8_t *p = count > 4 ? NULL : buf_claim(b, 2 + count);
    if (!p) {
        buf_fail(b);
        return;
    }
    p[0] = tag;
    fill_length(p + 1, n, count);
}

void der_write(struct buf *b, uint8_t tag, struct bytes content)
{
    write_head(b, tag, content.n);
    buf_put_bytes(b, content);
}

void der_write_unsigned(struct buf *b, struct bytes magnitude)
{
    while (magnitude.n > 0 && magnitude.p[0] == 0)
        magnitude = bytes_of(magnitude.p + 1, magnitude.n - 1);
    // A sign octet keeps the number positive; zero is that octet alone.
    bool has_sign_octet = magnitude.n == 0 || magnitude.p[0] >= 0x80;
    write_head(b, DER_INTEGER, magnitude.n + has_sign_octet);
    if (has_sign_octet)
        buf_put_u8(b, 0);
    buf_put_bytes(b, magnitude);
}

void der_write_small(struct buf *b, uint32_t value)
{
    uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value};
    der_write_unsigned(b, bytes_of(octets, sizeof(octets)));
}

void der_write_bits(struct buf *b, struct bytes bits)
{
    write_head(b, DER_BIT_STRING, bits.n + 1);
    buf_put_u8(b, 0);
    buf_put_bytes(b, bits);
}

void der_write_named_bits(struct buf *b, uint8_t tag, uint16_t bits)
{
    uint8_t octets[3] = {0};
    size_t used = 0;
    for (size_t i = 0; i < 16; i++) {
        if (!(bits >> i & 1))
            continue;
        octets[1 + i / 8] = (uint8_t)(octets[1 + i / 8] | 0x80 >> i % 8);
        used = i + 1;
    }
    octets[0] = (uint8_t)((8 - used % 8) % 8);
    der_write(b, tag, bytes_of(octets, 1 + (used + 7) / 8));
}

void der_write_oid(struct buf *b, struct bytes oid)
{
    der_write(b, DER_OID, oid);
}

void der_write_null(struct buf *b)
{
    der_write(b, DER_NULL, bytes_of(NULL, 0));
}

void der_write_true(struct buf *b, uint8_t tag)
{
    static const uint8_t yes = 0xff;
    der_write(b, tag, bytes_of(&yes, 1));
}
