#include <wire/hex.h>

// Digit values with DIGIT set, so that 0 refuses.
enum { DIGIT = 0x80 };

static const uint8_t digit_value[256] = {
    ['0'] = 0x80, ['1'] = 0x81, ['2'] = 0x82, ['3'] = 0x83, ['4'] = 0x84, ['5'] = 0x85,
    ['6'] = 0x86, ['7'] = 0x87, ['8'] = 0x88, ['9'] = 0x89, ['a'] = 0x8a, ['b'] = 0x8b,
    ['c'] = 0x8c, ['d'] = 0x8d, ['e'] = 0x8e, ['f'] = 0x8f, ['A'] = 0x8a, ['B'] = 0x8b,
    ['C'] = 0x8c, ['D'] = 0x8d, ['E'] = 0x8e, ['F'] = 0x8f,
};

void hex_encode(struct buf *b, struct bytes in)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *out = in.n > SIZE_MAX / 2 ? NULL : buf_claim(b, 2 * in.n);
    if (!out) {
        buf_fail(b);
        return;
    }
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = (uint8_t)digits[in.p[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[in.p[i] & 15];
    }
}

bool hex_decode(struct buf *b, struct bytes text)
{
    size_t n = text.n / 2;
    if (text.n % 2 != 0 || b->full || n > b->max - b->n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t high = digit_value[text.p[2 * i]];
        uint8_t low = digit_value[text.p[2 * i + 1]];
        if (!(high & low & DIGIT))
            return false;
        b->p[b->n + i] = (uint8_t)(high << 4 | (low & 15));
    }
    b->n += n;
    return true;
}
