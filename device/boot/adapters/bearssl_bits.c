// How BearSSL's ECDSA makes a number of octets (RFC 6979 2.3.2), here in constant time: link this
// file with the library, whose own functions of these names are not used then. They (0.6) shift as
// many words as the number has, so that the time of a signature tells where the leading bits of
// its nonce are zero, and many such signatures tell the key.
#include <stddef.h>
#include <stdint.h>

// x[0] is the length in bits, 16 (or 32) for each whole word of 15 (or 31), and what is over; the
// words follow, the lowest first. Lengths are public, octets are not.
void br_ecdsa_i15_bits2int(uint16_t *x, const void *src, size_t len, uint32_t ebitlen);
void br_ecdsa_i31_bits2int(uint32_t *x, const void *src, size_t len, uint32_t ebitlen);

struct string {
    const uint8_t *octets;
    uint32_t n;
    uint32_t over; // bits at its end that do not count
};

static struct string string_of(const void *octets, size_t n, uint32_t bits)
{
    uint32_t all = 8 * (uint32_t)n;
    return (struct string){octets, (uint32_t)n, all > bits ? all - bits : 0};
}

// `width` bits from `at` on, counted from the end.
static uint32_t word_of(const struct string *string, uint32_t at, uint32_t width)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < width; i++) {
        uint32_t from = string->over + at + i;
        if (from / 8 < string->n)
            word |= (string->octets[string->n - 1 - from / 8] >> from % 8 & 1u) << i;
    }
    return word;
}

void br_ecdsa_i15_bits2int(uint16_t *x, const void *src, size_t len, uint32_t ebitlen)
{
    const struct string string = string_of(src, len, ebitlen - (ebitlen >> 4));
    x[0] = (uint16_t)ebitlen;
    for (uint32_t i = 0; i < (ebitlen + 15) >> 4; i++)
        x[1 + i] = (uint16_t)word_of(&string, 15 * i, 15);
}

void br_ecdsa_i31_bits2int(uint32_t *x, const void *src, size_t len, uint32_t ebitlen)
{
    const struct string string = string_of(src, len, ebitlen - (ebitlen >> 5));
    x[0] = ebitlen;
    for (uint32_t i = 0; i < (ebitlen + 31) >> 5; i++)
        x[1 + i] = word_of(&string, 31 * i, 31);
}
