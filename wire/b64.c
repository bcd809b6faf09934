#include <wire/b64.h>

// What a character is: a digit (its value with DIGIT set), or one of these; 0 refuses.
enum { DIGIT = 0x80, VALUE = 0x3f, SPACE = 1, PAD = 2 };

static const char standard_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const uint8_t standard_class[256] = {
    ['A'] = 0x80,   ['B'] = 0x81,   ['C'] = 0x82,   ['D'] = 0x83, ['E'] = 0x84, ['F'] = 0x85,
    ['G'] = 0x86,   ['H'] = 0x87,   ['I'] = 0x88,   ['J'] = 0x89, ['K'] = 0x8a, ['L'] = 0x8b,
    ['M'] = 0x8c,   ['N'] = 0x8d,   ['O'] = 0x8e,   ['P'] = 0x8f, ['Q'] = 0x90, ['R'] = 0x91,
    ['S'] = 0x92,   ['T'] = 0x93,   ['U'] = 0x94,   ['V'] = 0x95, ['W'] = 0x96, ['X'] = 0x97,
    ['Y'] = 0x98,   ['Z'] = 0x99,   ['a'] = 0x9a,   ['b'] = 0x9b, ['c'] = 0x9c, ['d'] = 0x9d,
    ['e'] = 0x9e,   ['f'] = 0x9f,   ['g'] = 0xa0,   ['h'] = 0xa1, ['i'] = 0xa2, ['j'] = 0xa3,
    ['k'] = 0xa4,   ['l'] = 0xa5,   ['m'] = 0xa6,   ['n'] = 0xa7, ['o'] = 0xa8, ['p'] = 0xa9,
    ['q'] = 0xaa,   ['r'] = 0xab,   ['s'] = 0xac,   ['t'] = 0xad, ['u'] = 0xae, ['v'] = 0xaf,
    ['w'] = 0xb0,   ['x'] = 0xb1,   ['y'] = 0xb2,   ['z'] = 0xb3, ['0'] = 0xb4, ['1'] = 0xb5,
    ['2'] = 0xb6,   ['3'] = 0xb7,   ['4'] = 0xb8,   ['5'] = 0xb9, ['6'] = 0xba, ['7'] = 0xbb,
    ['8'] = 0xbc,   ['9'] = 0xbd,   ['+'] = 0xbe,   ['/'] = 0xbf, ['='] = PAD,  [' '] = SPACE,
    ['\t'] = SPACE, ['\r'] = SPACE, ['\n'] = SPACE,
};

static const uint8_t url_class[256] = {
    ['A'] = 0x80, ['B'] = 0x81, ['C'] = 0x82, ['D'] = 0x83, ['E'] = 0x84, ['F'] = 0x85,
    ['G'] = 0x86, ['H'] = 0x87, ['I'] = 0x88, ['J'] = 0x89, ['K'] = 0x8a, ['L'] = 0x8b,
    ['M'] = 0x8c, ['N'] = 0x8d, ['O'] = 0x8e, ['P'] = 0x8f, ['Q'] = 0x90, ['R'] = 0x91,
    ['S'] = 0x92, ['T'] = 0x93, ['U'] = 0x94, ['V'] = 0x95, ['W'] = 0x96, ['X'] = 0x97,
    ['Y'] = 0x98, ['Z'] = 0x99, ['a'] = 0x9a, ['b'] = 0x9b, ['c'] = 0x9c, ['d'] = 0x9d,
    ['e'] = 0x9e, ['f'] = 0x9f, ['g'] = 0xa0, ['h'] = 0xa1, ['i'] = 0xa2, ['j'] = 0xa3,
    ['k'] = 0xa4, ['l'] = 0xa5, ['m'] = 0xa6, ['n'] = 0xa7, ['o'] = 0xa8, ['p'] = 0xa9,
    ['q'] = 0xaa, ['r'] = 0xab, ['s'] = 0xac, ['t'] = 0xad, ['u'] = 0xae, ['v'] = 0xaf,
    ['w'] = 0xb0, ['x'] = 0xb1, ['y'] = 0xb2, ['z'] = 0xb3, ['0'] = 0xb4, ['1'] = 0xb5,
    ['2'] = 0xb6, ['3'] = 0xb7, ['4'] = 0xb8, ['5'] = 0xb9, ['6'] = 0xba, ['7'] = 0xbb,
    ['8'] = 0xbc, ['9'] = 0xbd, ['-'] = 0xbe, ['_'] = 0xbf,
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

struct decoder {
    const uint8_t *class;
    bool skips_space;
    bool padded;
    uint8_t *out;
    size_t n, max;
    uint32_t bits; // of the `held` digits that are not written yet
    unsigned held, pads;
};

// Writes the first n of the three bytes in `bits`.
static bool put_bits(struct decoder *d, uint32_t bits, size_t n)
{
    if (n > d->max - d->n)
        return false;
    for (size_t i = 0; i < n; i++)
        d->out[d->n++] = (uint8_t)(bits >> (16 - 8 * i));
    return true;
}

static bool take_digit(struct decoder *d, uint8_t value)
{
    if (d->pads > 0)
        return false;
    d->bits = d->bits << 6 | value;
    if (++d->held < 4)
        return true;
    uint32_t bits = d->bits;
    d->bits = 0;
    d->held = 0;
    return put_bits(d, bits, 3);
}

static bool take(struct decoder *d, uint8_t character)
{
    uint8_t class = d->class[character];
    if (class & DIGIT)
        return take_digit(d, class & VALUE);
    if (class == PAD)
        return ++d->pads <= 2;
    return class == SPACE && d->skips_space;
}

// Four digits at once, where nothing is held and no other character interrupts.
static bool take_four(struct decoder *d, const uint8_t *text)
{
    uint8_t a = d->class[text[0]], b = d->class[text[1]];
    uint8_t c = d->class[text[2]], e = d->class[text[3]];
    if (d->held > 0 || d->pads > 0 || !(a & b & c & e & DIGIT) || d->max - d->n < 3)
        return false;
    uint8_t *out = d->out + d->n;
    out[0] = (uint8_t)(a << 2 | (b & VALUE) >> 4);
    out[1] = (uint8_t)(b << 4 | (c & VALUE) >> 2);
    out[2] = (uint8_t)(c << 6 | (e & VALUE));
    d->n += 3;
    return true;
}

// RFC 4648 3.5: the bits that the last digit has too many must be zero.
static bool finish(struct decoder *d)
{
    if (d->held == 0)
        return d->pads == 0;
    unsigned missing = 4 - d->held;
    uint32_t bits = d->bits << (6 * missing);
    uint32_t unused = missing == 1 ? 0xff : 0xffff;
    if (missing > 2 || d->pads != (d->padded ? missing : 0) || (bits & unused) != 0)
        return false;
    return put_bits(d, bits, 3 - missing);
}

static bool decode(struct buf *b, struct bytes text, struct decoder d)
{
    if (b->full)
        return false;
    d.out = b->p + b->n;
    d.max = b->max - b->n;
    for (size_t i = 0; i < text.n;) {
        if (text.n - i >= 4 && take_four(&d, text.p + i))
            i += 4;
        else if (!take(&d, text.p[i++]))
            return false;
    }
    if (!finish(&d))
        return false;
    b->n += d.n;
    return true;
}

void b64_encode(struct buf *b, struct bytes in)
{
    encode(b, in, standard_digits, true);
}

bool b64_decode(struct buf *b, struct bytes text)
{
    return decode(b, text, (struct decoder){.class = standard_class, .padded = true});
}

bool b64_decode_lenient(struct buf *b, struct bytes text)
{
    return decode(b, text,
                  (struct decoder){.class = standard_class, .padded = true, .skips_space = true});
}

void b64url_encode(struct buf *b, struct bytes in)
{
    encode(b, in, url_digits, false);
}

bool b64url_decode(struct buf *b, struct bytes text)
{
    return decode(b, text, (struct decoder){.class = url_class});
}
