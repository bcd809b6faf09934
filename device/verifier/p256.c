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

static const number one = {0x00000001, 0x00000000, 0x00000000, 0xffffffff,
                           0xffffffff, 0xffffffff, 0xfffffffe, 0x00000000};
static const number curve_b = {0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd,
                               0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d};
static const number base_x = {0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc,
                              0x77622510, 0x79fb732b, 0xa53755c6, 0x18905f76};
static const number base_y = {0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4,
                              0xdd21f325, 0xd2e88688, 0x25885d85, 0x8571ff18};

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

static void add(number ret, const number a, const number b, const struct modulus *by)
{
    reduce(ret, sum(ret, a, b), by);
}

static void subtract(number ret, const number a, const number b, const struct modulus *by)
{
    if (take_away(ret, a, b) != 0)
        (void)sum(ret, ret, by->m);
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

static void times(number ret, const number a, const number b)
{
    multiply(ret, a, b, &field);
}

static void plus(number ret, const number a, const number b)
{
    add(ret, a, b, &field);
}

static void minus(number ret, const number a, const number b)
{
    subtract(ret, a, b, &field);
}

static void read_number(number ret, const uint8_t octets[32])
{
    for (unsigned i = 0; i < WORDS; i++) {
        const uint8_t *p = octets + 28 - 4 * (size_t)i;
        ret[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
}

// ret = 2a for a curve with the coefficient -3.
static void twice(struct point *ret, const struct point *a)
{
    number delta, gamma, beta, alpha, t;
    times(delta, a->z, a->z);
    times(gamma, a->y, a->y);
    times(beta, a->x, gamma);
    minus(t, a->x, delta);
    plus(alpha, a->x, delta);
    times(alpha, alpha, t);
    plus(t, alpha, alpha);
    plus(alpha, alpha, t); // 3 (x - z^2) (x + z^2)

    times(t, a->y, a->z);
    plus(ret->z, t, t);
    plus(beta, beta, beta);
    plus(beta, beta, beta); // 4 x y^2
    times(ret->x, alpha, alpha);
    minus(ret->x, ret->x, beta);
    minus(ret->x, ret->x, beta);
    minus(t, beta, ret->x);
    times(t, alpha, t);
    times(gamma, gamma, gamma);
    plus(gamma, gamma, gamma);
    plus(gamma, gamma, gamma);
    plus(gamma, gamma, gamma); // 8 y^4
    minus(ret->y, t, gamma);
}

// The difference of two points brought to one Z: h of their x, r of their y.
struct apart {
    number x1, y1; // of the first
    number h, r;
};

static void compare(struct apart *ret, const struct point *a, const struct point *b)
{
    number a2, b2;
    times(a2, a->z, a->z);
    times(b2, b->z, b->z);
    times(ret->x1, a->x, b2);
    times(ret->h, b->x, a2);
    minus(ret->h, ret->h, ret->x1);
    times(b2, b2, b->z);
    times(ret->y1, a->y, b2);
    times(a2, a2, a->z);
    times(ret->r, b->y, a2);
    minus(ret->r, ret->r, ret->y1);
}

static void combine(struct point *a, const struct point *b, struct apart *d)
{
    number h2, h3;
    times(h2, d->h, d->h);
    times(h3, h2, d->h);
    times(d->x1, d->x1, h2);
    times(a->z, a->z, b->z);
    times(a->z, a->z, d->h);
    times(a->x, d->r, d->r);
    minus(a->x, a->x, h3);
    minus(a->x, a->x, d->x1);
    minus(a->x, a->x, d->x1);
    minus(d->x1, d->x1, a->x);
    times(a->y, d->r, d->x1);
    times(h3, h3, d->y1);
    minus(a->y, a->y, h3);
}

// a += b, whatever the two are.
static void join(struct point *a, const struct point *b)
{
    struct apart apart;
    if (is_zero(b->z))
        return;
    if (is_zero(a->z)) {
        *a = *b;
        return;
    }
    compare(&apart, a, b);
    if (!is_zero(apart.h))
        combine(a, b, &apart);
    else if (is_zero(apart.r))
        twice(a, b);
    else
        memset(a->z, 0, sizeof a->z);
}

static unsigned bit(const number a, unsigned i)
{
    return a[i / 32] >> (i % 32) & 1;
}

// ret = u * base + v * q
static void combination(struct point *ret, const number u, const number v, const struct point *q)
{
    struct point base, both;
    memcpy(base.x, base_x, sizeof base.x);
    memcpy(base.y, base_y, sizeof base.y);
    memcpy(base.z, one, sizeof base.z);
    both = base;
    join(&both, q);
    const struct point *const summands[] = {NULL, &base, q, &both};

    memset(ret, 0, sizeof *ret);
    for (unsigned i = 256; i-- > 0;) {
        struct point doubled;
        twice(&doubled, ret);
        *ret = doubled;
        const struct point *summand = summands[bit(u, i) | bit(v, i) << 1];
        if (summand != NULL)
            join(ret, summand);
    }
}

// A point as it is sent, on the curve: SEC 1 2.3.4 and 3.2.2.1. The cofactor is 1.
static bool read_point(struct point *ret, const uint8_t octets[TROTH_POINT_N])
{
    number left, right;
    read_number(ret->x, octets + 1);
    read_number(ret->y, octets + 33);
    if (octets[0] != 4 || !is_below(ret->x, field.m) || !is_below(ret->y, field.m))
        return false;
    times(ret->x, ret->x, field.square);
    times(ret->y, ret->y, field.square);
    memcpy(ret->z, one, sizeof ret->z);

    times(left, ret->y, ret->y);
    times(right, ret->x, ret->x);
    for (unsigned i = 0; i < 3; i++)
        minus(right, right, one);
    times(right, right, ret->x); // x (x^2 - 3)
    plus(right, right, curve_b);
    return memcmp(left, right, sizeof left) == 0;
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

// 0 when x of the point is r modulo the order: x may be r or, where that is below the field's, r +
// n.
static uint32_t x_differs(const struct point *at, const number r)
{
    number square, wanted, candidate;
    uint32_t differ = 1;
    times(square, at->z, at->z);
    memcpy(candidate, r, sizeof candidate);
    for (unsigned i = 0; i < 2; i++) {
        times(wanted, candidate, field.square);
        times(wanted, wanted, square);
        differ &= is_nonzero(
            octets_differ((const uint8_t *)wanted, (const uint8_t *)at->x, sizeof wanted));
        if (sum(candidate, candidate, order.m) != 0 || !is_below(candidate, field.m))
            break;
    }
    return differ | is_zero(at->z);
}

enum troth_verdict troth_es256_verify(const uint8_t point[TROTH_POINT_N],
                                      const uint8_t hash[TROTH_HASH_N],
                                      const uint8_t signature[TROTH_SIGNATURE_N])
{
    number r, s, e, u, v;
    struct point key, at;
    if (!read_point(&key, point))
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
    combination(&at, u, v, &key);
    return valid_if_zero(x_differs(&at, r), TROTH_BAD_SIGNATURE);
}
