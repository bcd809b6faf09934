#include <wire/b64.h>

// What a character is: a digit (its value with DIGIT set), or padding; 0: neither.
enum { DIGIT = 0x80, VALUE = 0x3f, PAD = 1 };

// Tables hold what there is from the first digit of all to the last.
#define FIRST '+'
#define CLASSES_N ('z' - FIRST + 1)

static const char standard_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const uint8_t standard_class[CLASSES_N] = {
    ['A' - FIRST] = 0x80, ['B' - FIRST] = 0x81, ['C' - FIRST] = 0x82, ['D' - FIRST] = 0x83,
    ['E' - FIRST] = 0x84, ['F' - FIRST] = 0x85, ['G' - FIRST] = 0x86, ['H' - FIRST] = 0x87,
    ['I' - FIRST] = 0x88, ['J' - FIRST] = 0x89, ['K' - FIRST] = 0x8a, ['L' - FIRST] = 0x8b,
    ['M' - FIRST] = 0x8c, ['N' - FIRST] = 0x8d, ['O' - FIRST] = 0x8e, ['P' - FIRST] = 0x8f,
    ['Q' - FIRST] = 0x90, ['R' - FIRST] = 0x91, ['S' - FIRST] = 0x92, ['T' - FIRST] = 0x93,
    ['U' - FIRST] = 0x94, ['V' - FIRST] = 0x95, ['W' - FIRST] = 0x96, ['X' - FIRST] = 0x97,
    ['Y' - FIRST] = 0x98, ['Z' - FIRST] = 0x99, ['a' - FIRST] = 0x9a, ['b' - FIRST] = 0x9b,
    ['c' - FIRST] = 0x9c, ['d' - FIRST] = 0x9d, ['e' - FIRST] = 0x9e, ['f' - FIRST] = 0x9f,
    ['g' - FIRST] = 0xa0, ['h' - FIRST] = 0xa1, ['i' - FIRST] = 0xa2, ['j' - FIRST] = 0xa3,
    ['k' - FIRST] = 0xa4, ['l' - FIRST] = 0xa5, ['m' - FIRST] = 0xa6, ['n' - FIRST] = 0xa7,
    ['o' - FIRST] = 0xa8, ['p' - FIRST] = 0xa9, ['q' - FIRST] = 0xaa, ['r' - FIRST] = 0xab,
    ['s' - FIRST] = 0xac, ['t' - FIRST] = 0xad, ['u' - FIRST] = 0xae, ['v' - FIRST] = 0xaf,
    ['w' - FIRST] = 0xb0, ['x' - FIRST] = 0xb1, ['y' - FIRST] = 0xb2, ['z' - FIRST] = 0xb3,
    ['0' - FIRST] = 0xb4, ['1' - FIRST] = 0xb5, ['2' - FIRST] = 0xb6, ['3' - FIRST] = 0xb7,
    ['4' - FIRST] = 0xb8, ['5' - FIRST] = 0xb9, ['6' - FIRST] = 0xba, ['7' - FIRST] = 0xbb,
    ['8' - FIRST] = 0xbc, ['9' - FIRST] = 0xbd, ['+' - FIRST] = 0xbe, ['/' - FIRST] = 0xbf,
    ['=' - FIRST] = PAD,
};

static const uint8_t url_class[CLASSES_N] = {
    ['A' - FIRST] = 0x80, ['B' - FIRST] = 0x81, ['C' - FIRST] = 0x82, ['D' - FIRST] = 0x83,
    ['E' - FIRST] = 0x84, ['F' - FIRST] = 0x85, ['G' - FIRST] = 0x86, ['H' - FIRST] = 0x87,
    ['I' - FIRST] = 0x88, ['J' - FIRST] = 0x89, ['K' - FIRST] = 0x8a, ['L' - FIRST] = 0x8b,
    ['M' - FIRST] = 0x8c, ['N' - FIRST] = 0x8d, ['O' - FIRST] = 0x8e, ['P' - FIRST] = 0x8f,
    ['Q' - FIRST] = 0x90, ['R' - FIRST] = 0x91, ['S' - FIRST] = 0x92, ['T' - FIRST] = 0x93,
    ['U' - FIRST] = 0x94, ['V' - FIRST] = 0x95, ['W' - FIRST] = 0x96, ['X' - FIRST] = 0x97,
    ['Y' - FIRST] = 0x98, ['Z' - FIRST] = 0x99, ['a' - FIRST] = 0x9a, ['b' - FIRST] = 0x9b,
    ['c' - FIRST] = 0x9c, ['d' - FIRST] = 0x9d, ['e' - FIRST] = 0x9e, ['f' - FIRST] = 0x9f,
    ['g' - FIRST] = 0xa0, ['h' - FIRST] = 0xa1, ['i' - FIRST] = 0xa2, ['j' - FIRST] = 0xa3,
    ['k' - FIRST] = 0xa4, ['l' - FIRST] = 0xa5, ['m' - FIRST] = 0xa6, ['n' - FIRST] = 0xa7,
    ['o' - FIRST] = 0xa8, ['p' - FIRST] = 0xa9, ['q' - FIRST] = 0xaa, ['r' - FIRST] = 0xab,
    ['s' - FIRST] = 0xac, ['t' - FIRST] = 0xad, ['u' - FIRST] = 0xae, ['v' - FIRST] = 0xaf,
    ['w' - FIRST] = 0xb0, ['x' - FIRST] = 0xb1, ['y' - FIRST] = 0xb2, ['z' - FIRST] = 0xb3,
    ['0' - FIRST] = 0xb4, ['1' - FIRST] = 0xb5, ['2' - FIRST] = 0xb6, ['3' - FIRST] = 0xb7,
    ['4' - FIRST] = 0xb8, ['5' - FIRST] = 0xb9, ['6' - FIRST] = 0xba, ['7' - FIRST] = 0xbb,
    ['8' - FIRST] = 0xbc, ['9' - FIRST] = 0xbd, ['-' - FIRST] = 0xbe, ['_' - FIRST] = 0xbf,
};

// The last one or two bytes, which fill two or three digits.
static size_t encode_tail(uint8_t *out, struct bytes tail, const char *digits)
{
    uint32_t v = (uint32_t)tail.p[0] << 16 | (tail.n == 2 ? (uint32_t)tail.p[1] << 8 : 0);
    out[0] = (uint8_t)digits[v >> 18];
    out[1] = (uint8_t)digits[v >> 12 & VALUE];
    if (tail.n == 2)
        out[2] = (uint8_t)digits[v >> 6 & VALUE];
    return tail.n + 1;
}

static void encode(struct buf *b, struct bytes in, const char *digits, bool padded)
{
    size_t whole = in.n / 3, tail = in.n % 3;
    size_t n = tail == 0 ? whole * 4 : whole * 4 + (padded ? 4 : tail + 1);
    uint8_t *out = whole >= SIZE_MAX / 4 ? NULL : buf_claim(b, n);
    if (!out) {
        buf_fail(b);
        return;
    }
    uint8_t *end = out + n;
    for (size_t i = 0; i < whole; i++, in.p += 3, out += 4) {
        uint32_t v = (uint32_t)in.p[0] << 16 | (uint32_t)in.p[1] << 8 | in.p[2];
        out[0] = (uint8_t)digits[v >> 18];
        out[1] = (uint8_t)digits[v >> 12 & VALUE];
        out[2] = (uint8_t)digits[v >> 6 & VALUE];
        out[3] = (uint8_t)digits[v & VALUE];
    }
    if (tail > 0)
        out += encode_tail(out, bytes_of(in.p, tail), digits);
    while (out < end)
        *out++ = '=';
}

// How text may be written.
struct form {
    const uint8_t *class;
    bool skips_space;
    bool padded;
};

// Writes the first n of the three octets in `bits`.
static bool put_bits(struct buf *to, uint32_t bits, size_t n)
{
    if (n > to->max - to->n)
        return false;
    uint8_t *at = to->p + to->n;
    to->n += n;
    at[0] = (uint8_t)(bits >> 16);
    if (n > 1)
        at[1] = (uint8_t)(bits >> 8);
    if (n > 2)
        at[2] = (uint8_t)bits;
    return true;
}

static bool is_space(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

// Digits not written yet stand in `bits` behind a one. RFC 4648 3.5: the bits that the last one has
// too many must be zero.
static bool finish(struct buf *to, uint32_t bits, size_t pads, bool padded)
{
    if (bits == 1)
        return pads == 0;
    unsigned missing = bits >> 18 != 0 ? 1 : 2;
    uint32_t unused = (1u << 8 * missing) - 1;
    if (bits >> 12 == 0 || pads != (padded ? missing : 0))
        return false;
    bits <<= 6 * missing;
    return (bits & unused) == 0 && put_bits(to, bits, 3 - missing);
}

static bool decode(struct buf *b, struct bytes text, const struct form *form)
{
    struct buf to = *b;
    uint32_t bits = 1;
    size_t pads = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned place = (unsigned)text.p[i] - FIRST;
        uint8_t class = place < CLASSES_N ? form->class[place] : 0;
        if (class == PAD) {
            pads++;
        } else if (class == 0) {
            if (!form->skips_space || !is_space(text.p[i]))
                return false;
        } else {
            bits = bits << 6 | (class & VALUE);
            if (pads > 0 || (bits >> 24 != 0 && !put_bits(&to, bits, 3)))
                return false;
            bits = bits >> 24 != 0 ? 1 : bits;
        }
    }
    if (b->full || !finish(&to, bits, pads, form->padded))
        return false;
    b->n = to.n;
    return true;
}

void b64_encode(struct buf *b, struct bytes in)
{
    encode(b, in, standard_digits, true);
}

bool b64_decode(struct buf *b, struct bytes text)
{
    static const struct form form = {.class = standard_class, .padded = true};
    return decode(b, text, &form);
}

bool b64_decode_lenient(struct buf *b, struct bytes text)
{
    static const struct form form = {.class = standard_class, .padded = true, .skips_space = true};
    return decode(b, text, &form);
}

void b64url_encode(struct buf *b, struct bytes in)
{
    encode(b, in, url_digits, false);
}

bool b64url_decode(struct buf *b, struct bytes text)
{
    static const struct form form = {.class = url_class};
    return decode(b, text, &form);
}
