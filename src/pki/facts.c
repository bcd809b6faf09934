/* Facts of devices as certificates can carry them. */
#include "facts.h"

#include <pki/grant.h>

#define ARC_MAX UINT32_MAX

static bool is_printable_string(uint8_t c)
{
    static const char others[] = " '()+,-./:=?";

    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           memchr(others, c, sizeof(others) - 1) != NULL;
}

bool is_serial_number(struct bytes text)
{
    if (text.n == 0 || text.n > LIMIT_SERIAL_NUMBER)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_printable_string(text.p[i]))
            return false;
    return true;
}

/* One arc in decimal, without leading zeros; moves `text` behind it and its dot. */
static bool take_arc(struct bytes *text, uint64_t *ret)
{
    uint64_t arc = 0;
    size_t n = 0;

    while (n < text->n && text->p[n] != '.') {
        uint8_t c = text->p[n];
        if (c < '0' || c > '9' || (n == 1 && arc == 0))
            return false;
        arc = arc * 10 + (uint64_t)(c - '0');
        if (arc > ARC_MAX)
            return false;
        n++;
    }
    if (n == 0 || n + 1 == text->n)
        return false;
    *text = bytes_slice(*text, n + 1, text->n);
    *ret = arc;
    return true;
}

/* Base 128, most significant group first: X.690 8.19.2. */
static void put_arc(struct buf *b, uint64_t arc)
{
    int shift = 35;

    while (shift > 0 && arc >> shift == 0)
        shift -= 7;
    for (; shift > 0; shift -= 7)
        buf_put_u8(b, (uint8_t)(0x80 | ((arc >> shift) & 0x7f)));
    buf_put_u8(b, (uint8_t)(arc & 0x7f));
}

bool hw_type_write(struct buf *b, struct bytes text)
{
    uint64_t first, second, arc;

    if (text.n > LIMIT_NAME || !take_arc(&text, &first) || text.n == 0 ||
        !take_arc(&text, &second) || first > 2 || (first < 2 && second >= 40))
        return false;
    put_arc(b, first * 40 + second);
    while (text.n != 0) {
        if (!take_arc(&text, &arc))
            return false;
        put_arc(b, arc);
    }
    return buf_ok(b);
}

bool is_hw_type(struct bytes text)
{
    uint8_t room[LIMIT_NAME];
    struct buf b = buf_over(room, sizeof(room));

    return hw_type_write(&b, text);
}
