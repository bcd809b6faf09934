#include <wire/utf8.h>

// Octets that follow this lead above ASCII; 0: it is none.
/*@ assigns \nothing;
    ensures 0 <= \result <= 3; */
static size_t followers_of(uint8_t lead)
{
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

// n octets that follow a lead: all of that kind, and together with it neither overlong nor a
// surrogate nor above U+10FFFF (RFC 3629 section 4).
/*@ requires 1 <= n <= 3 && \valid_read(p + (0 .. n));
    assigns \nothing; */
static bool sequence_is_valid(const uint8_t *p, size_t n)
{
    uint32_t v = p[0] & (0x3fu >> n);
    /*@ loop invariant 1 <= i <= n + 1;
        loop assigns i, v;
        loop variant n + 1 - i; */
    for (size_t i = 1; i <= n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return false;
        v = v << 6 | (p[i] & 0x3f);
    }
    return v >> (5 * n + 1) != 0 && v <= 0x10ffff && v >> 11 != 0xd800 >> 11;
}

bool utf8_is_valid(struct bytes text)
{
    /*@ loop invariant 0 <= i <= text.n;
        loop assigns i;
        loop variant text.n - i; */
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x80)
            continue;
        size_t n = followers_of(text.p[i]);
        if (n == 0 || n >= text.n - i || !sequence_is_valid(text.p + i, n))
            return false;
        i += n;
    }
    return true;
}
