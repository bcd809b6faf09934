#include <wire/utf8.h>

// Lead octets above ASCII by length of the sequence. The second octet narrows some of them: that is
// where overlong forms, surrogates and values above U+10FFFF are told apart (RFC 3629 section 4).
/*@ assigns \nothing;
    ensures \result == 0 || 2 <= \result <= 4; */
static size_t sequence_length(uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/*@ assigns \nothing; */
static bool second_octet_fits(uint8_t lead, uint8_t second)
{
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

/*@ requires 2 <= n <= 4 && \valid_read(p + (0 .. n - 1));
    assigns \nothing; */
static bool sequence_is_valid(const uint8_t *p, size_t n)
{
    if (!second_octet_fits(p[0], p[1]))
        return false;
    /*@ loop invariant 2 <= i <= n;
        loop assigns i;
        loop variant n - i; */
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

bool utf8_is_valid(struct bytes text)
{
    /*@ loop invariant 0 <= i <= text.n;
        loop assigns i;
        loop variant text.n - i; */
    for (size_t i = 0; i < text.n;) {
        if (text.p[i] < 0x80) {
            i++;
            continue;
        }
        size_t n = sequence_length(text.p[i]);
        if (n == 0 || n > text.n - i || !sequence_is_valid(text.p + i, n))
            return false;
        i += n;
    }
    return true;
}
