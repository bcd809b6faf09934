// ECDSA over P-256, verifying only: FIPS 186-5 6.4.2, SP 800-186 3.2.1.3. Montgomery arithmetic on
// eight words of 32 bits, the least significant first. Variable time: nothing here is secret.
#include <troth/same.h>

#include <troth/crypto.h>

#include <stdbool.h>
#include <string.h>

#define WORDS 8
typedef uint32_t number[WORDS];

// Numbers modulo an odd m are kept as x * 2^256 mod m.
struct modulus {
    number m;
    number square;    // 2^512 mod m
    uint32_t inverse; // -1 / m mod 2^32
};

static const struct modulus field = {
    {0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001,
     0xffffffff},
    {0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd,
     0x00000004},
    0x00000001,
};
static const struct modulus order = {
    {0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000,
     0xffffffff},
    {0xbe79eea2, 0x83244c95, 0x49bd6fa6, 0x4699799c, 0x2b6bec59, 0x2845b239, 0xf3d95620,
     0x66e12d94},
    0xee00bc4f,
};

// Projective, x = X / Z^2 and y = Y / Z^3; Z = 0 is the point at infinity.
struct point {
    number x, y, z;
};

static const number curve_b = {0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd,
                               0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d};
static const struct point base = {
    {0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510, 0x79fb732b, 0xa53755c6,
     0x18905f76},
    {0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325, 0xd2e88688, 0x25885d85,
     0x8571ff18},
    {0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe,
     0x00000000}, // 1
};

static bool is_zero(const number a)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < WORDS; i++)
        all |= a[i];
    return all == 0;
}

// ret = a - b, and what is borrowed.
static uint32_t take_away(number ret, const number a, const number b)
{
    uint32_t borrow = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t left = (uint64_t)a[i] - b[i] - borrow;
        ret[i] = (uint32_t)left;
        borrow = (uint32_t)(left >> 63);
    }
    return borrow;
}

static bool is_below(const number a, const number b)
{
    number unused;
    return take_away(unused, a, b) != 0;
}

// Brings carry * 2^256 + a, which is below 2m, below m.
static void reduce(number a, uint32_t carry, const struct modulus *by)
{
    number less;
    uint32_t borrow = take_away(less, a, by->m);
    if (carry >= borrow)
        memcpy(a, less, sizeof less);
}

static uint32_t sum(number ret, const number a, const number b)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a[i] + b[i];
        ret[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

// t[0..9] += a * x
static void add_product(uint32_t t[WORDS + 2], const number a, uint32_t x)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a[i] * x + t[i];
        t[i] = (uint32_t)carry;
        carry >>= 32;
    }
    carry += t[WORDS];
    t[WORDS] = (uint32_t)carry;
    t[WORDS + 1] += (uint32_t)(carry >> 32);
}

// ret = a * b / 2^256 mod m. Each turn makes one more word of t zero; what is above is the result.
static void multiply(number ret, const number a, const number b, const struct modulus *by)
{
    uint32_t t[2 * WORDS + 1] = {0};
    for (unsigned i = 0; i < WORDS; i++) {
        add_product(t + i, a, b[i]);
        add_product(t + i, by->m, t[i] * by->inverse);
    }
    memcpy(ret, t + WORDS, sizeof(number));
    reduce(ret, t[2 * WORDS], by);
}

static void read_number(number ret, const uint8_t octets[32])
{
    for (unsigned i = 0; i < WORDS; i++) {
        const uint8_t *p = octets + 28 - 4 * (size_t)i;
        ret[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
}

// ---- formulas, as steps modulo the field on a row of numbers: a third of what calls would take

enum { PX, PY, PZ, QX, QY, QZ, A, B, C, D, E, F, NUMBERS };
enum { TIMES = 1, PLUS, MINUS };
#define STEP(what, to, a, b) ((what) << 12 | (to) << 8 | (a) << 4 | (b))
#define END 0

static void run(number of[NUMBERS], const uint16_t *step)
{
    for (; *step != END; step++) {
        uint32_t *to = of[*step >> 8 & 15];
        const uint32_t *a = of[*step >> 4 & 15], *b = of[*step & 15];
        unsigned what = *step >> 12;
        if (what == TIMES)
            multiply(to, a, b, &field);
        else if (what == PLUS)
            reduce(to, sum(to, a, b), &field);
        else if (take_away(to, a, b) != 0)
            (void)sum(to, to, field.m);
    }
}

// P = 2 P for a curve with the coefficient -3.
static const uint16_t twice[] = {
    STEP(TIMES, A, PZ, PZ),  STEP(TIMES, B, PY, PY),
    STEP(TIMES, C, PX, B),   STEP(MINUS, D, PX, A),
    STEP(PLUS, A, PX, A),    STEP(TIMES, A, A, D),
    STEP(PLUS, D, A, A),     STEP(PLUS, A, A, D), // 3 (x - z^2) (x + z^2)
    STEP(TIMES, PZ, PY, PZ), STEP(PLUS, PZ, PZ, PZ),
    STEP(PLUS, C, C, C),     STEP(PLUS, C, C, C), // 4 x y^2
    STEP(TIMES, PX, A, A),   STEP(MINUS, PX, PX, C),
    STEP(MINUS, PX, PX, C),  STEP(MINUS, C, C, PX),
    STEP(TIMES, A, A, C),    STEP(PLUS, B, B, B),
    STEP(TIMES, B, B, B),    STEP(PLUS, B, B, B), // 8 y^4
    STEP(MINUS, PY, A, B),   END,
};

// P and Q brought to one Z: x and y of P are C and E, what is missing to those of Q is D and F.
static const uint16_t compare[] = {
    STEP(TIMES, A, PZ, PZ),
    STEP(TIMES, B, QZ, QZ),
    STEP(TIMES, C, PX, B),
    STEP(TIMES, D, QX, A),
    STEP(MINUS, D, D, C),
    STEP(TIMES, B, B, QZ),
    STEP(TIMES, E, PY, B),
    STEP(TIMES, A, A, PZ),
    STEP(TIMES, F, QY, A),
    STEP(MINUS, F, F, E),
    END,
};

// P = P + Q, of what was compared.
static const uint16_t combine[] = {
    STEP(TIMES, A, D, D),   STEP(TIMES, B, A, D),
    STEP(TIMES, C, C, A),   STEP(TIMES, PZ, PZ, QZ),
    STEP(TIMES, PZ, PZ, D), STEP(TIMES, PX, F, F),
    STEP(MINUS, PX, PX, B), STEP(MINUS, PX, PX, C),
    STEP(MINUS, PX, PX, C), STEP(MINUS, C, C, PX),
    STEP(TIMES, PY, F, C),  STEP(TIMES, B, B, E),
    STEP(MINUS, PY, PY, B), END,
};

// What Q has, by 2^256; C = 0 where it is on the curve. A, B: 2^512 and the curve's b.
static const uint16_t enter[] = {
    STEP(TIMES, QX, QX, A), STEP(TIMES, QY, QY, A), STEP(TIMES, C, QX, QX), STEP(MINUS, C, C, QZ),
    STEP(MINUS, C, C, QZ),  STEP(MINUS, C, C, QZ),  STEP(TIMES, C, C, QX), // x (x^2 - 3)
    STEP(PLUS, C, C, B),    STEP(TIMES, D, QY, QY), STEP(MINUS, C, C, D),   END,
};

// P += Q, whatever the two are.
static void join(number of[NUMBERS])
{
    if (is_zero(of[QZ]))
        return;
    if (is_zero(of[PZ])) {
        memcpy(of + PX, of + QX, sizeof(struct point));
        return;
    }
    run(of, compare);
    if (!is_zero(of[D]))
        run(of, combine);
    else if (is_zero(of[F]))
        run(of, twice);
    else
        memset(of[PZ], 0, sizeof of[PZ]);
}

static unsigned bit(const number a, unsigned i)
{
    return a[i / 32] >> (i % 32) & 1;
}

// P = u * base + v * Q
static void combination(number of[NUMBERS], const number u, const number v)
{
    struct point summands[4];
    memcpy(&summands[1], &base, sizeof base);
    memcpy(&summands[2], of + QX, sizeof(struct point));
    memcpy(of + PX, &base, sizeof base);
    join(of);
    memcpy(&summands[3], of + PX, sizeof(struct point));

    memset(of + PX, 0, sizeof(struct point));
    for (unsigned i = 256; i-- > 0;) {
        unsigned which = bit(u, i) | bit(v, i) << 1;
        run(of, twice);
        if (which == 0)
            continue;
        memcpy(of + QX, &summands[which], sizeof(struct point));
        join(of);
    }
}

// A point as it is sent, on the curve, as Q: SEC 1 2.3.4 and 3.2.2.1. The cofactor is 1.
static bool read_point(number of[NUMBERS], const uint8_t octets[TROTH_POINT_N])
{
    read_number(of[QX], octets + 1);
    read_number(of[QY], octets + 33);
    if (octets[0] != 4 || !is_below(of[QX], field.m) || !is_below(of[QY], field.m))
        return false;
    memcpy(of[QZ], base.z, sizeof of[QZ]);
    memcpy(of[A], field.square, sizeof of[A]);
    memcpy(of[B], curve_b, sizeof of[B]);
    run(of, enter);
    return is_zero(of[C]);
}

// ret = 1 / a modulo the order, by Fermat; both times 2^256.
static void invert(number ret, const number a)
{
    number power;
    memcpy(power, order.m, sizeof power);
    power[0] -= 2;
    memcpy(ret, a, sizeof(number));
    for (unsigned i = 255; i-- > 0;) {
        multiply(ret, ret, ret, &order);
        if (bit(power, i))
            multiply(ret, ret, a, &order);
    }
}

static bool is_scalar(const number a)
{
    return !is_zero(a) && is_below(a, order.m);
}

// 0 when x of P is r modulo the order: x may be r or, where that is below the field's, r + n.
static uint32_t x_differs(number of[NUMBERS], const number r)
{
    static const uint16_t scale[] = {STEP(TIMES, B, PZ, PZ), STEP(TIMES, C, A, D),
                                     STEP(TIMES, C, C, B), END};
    uint32_t differ = 1;
    memcpy(of[A], r, sizeof of[A]);
    memcpy(of[D], field.square, sizeof of[D]);
    for (unsigned i = 0; i < 2; i++) {
        run(of, scale);
        differ &= is_nonzero(
            octets_differ((const uint8_t *)of[C], (const uint8_t *)of[PX], sizeof of[C]));
        if (sum(of[A], of[A], order.m) != 0 || !is_below(of[A], field.m))
            break;
    }
    return differ | is_zero(of[PZ]);
}

enum troth_verdict troth_es256_verify(const uint8_t point[TROTH_POINT_N],
                                      const uint8_t hash[TROTH_HASH_N],
                                      const uint8_t signature[TROTH_SIGNATURE_N])
{
    number of[NUMBERS], r, s, e, u, v;
    if (!read_point(of, point))
        return TROTH_BAD_KEY;
    read_number(r, signature);
    read_number(s, signature + 32);
    read_number(e, hash);
    if (!is_scalar(r) || !is_scalar(s))
        return TROTH_BAD_SIGNATURE;
    reduce(e, 0, &order);
    multiply(s, s, order.square, &order);
    invert(v, s);
    multiply(u, e, v, &order);
    multiply(v, r, v, &order);
    combination(of, u, v);
    return valid_if_zero(x_differs(of, r), TROTH_BAD_SIGNATURE);
}
