#include <wire/buf.h>

uint8_t *buf_claim(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n) {
        b->full = true;
        return NULL;
    }
    uint8_t *p = b->p + b->n;
    b->n += n;
    return p;
}

static void put_be(struct buf *b, uint64_t v, size_t n)
{
    uint8_t *p = buf_claim(b, n);
    if (!p)
        return;
    for (size_t i = n; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    uint8_t *p = buf_claim(b, 1);
    if (p)
        *p = v;
}

void buf_put_u16be(struct buf *b, uint16_t v)
{
    put_be(b, v, 2);
}

void buf_put_u32be(struct buf *b, uint32_t v)
{
    put_be(b, v, 4);
}

void buf_put_u64be(struct buf *b, uint64_t v)
{
    put_be(b, v, 8);
}

void buf_put_bytes(struct buf *b, struct bytes v)
{
    uint8_t *p = buf_claim(b, v.n);
    if (p && v.n > 0)
        memcpy(p, v.p, v.n);
}

void buf_put_zeros(struct buf *b, size_t n)
{
    uint8_t *p = buf_claim(b, n);
    if (p && n > 0)
        memset(p, 0, n);
}
