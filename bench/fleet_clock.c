/* Time and chance of this process: base/clock.h and base/rand.h are defined here, so that the
 * archive's own objects are never linked, and OpenSSL draws from the same stream. Nothing that is
 * made with these numbers may be used for anything but a lab. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "fleet_plan.h"

#include <base/clock.h>
#include <base/rand.h>

#include <openssl/rand.h>

#include <string.h>

static int64_t clock_s;
static struct draw octets;

/* ---- time ---- */

void fleet_set_clock(int64_t now_s)
{
    clock_s = now_s;
}

int64_t clock_now_s(void)
{
    return clock_s;
}

int64_t clock_now_us(void)
{
    return clock_s * 1000000;
}

int64_t clock_monotonic_us(void)
{
    return clock_s * 1000000;
}

int64_t clock_cpu_us(void)
{
    return 0;
}

/* ---- draws: splitmix64 ---- */

uint64_t draw_next(struct draw *draw)
{
    uint64_t z = draw->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t draw_below(struct draw *draw, uint64_t below)
{
    return below == 0 ? 0 : draw_next(draw) % below;
}

int64_t draw_between(struct draw *draw, int64_t from, int64_t to)
{
    return from + (int64_t)draw_below(draw, (uint64_t)(to - from + 1));
}

bool draw_chance(struct draw *draw, double chance)
{
    return (double)(draw_next(draw) >> 11) < chance * 9007199254740992.0; /* of 2^53 */
}

/* ---- random octets ---- */

void rand_bytes(void *to, size_t n)
{
    uint8_t *at = to;
    for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t next = draw_next(&octets);
        memcpy(at, &next, sizeof next);
    }
    uint64_t rest = draw_next(&octets);
    memcpy(at, &rest, n);
}

uint64_t rand_below(uint64_t below)
{
    return draw_below(&octets, below);
}

static int openssl_bytes(unsigned char *to, int n)
{
    rand_bytes(to, (size_t)n);
    return 1;
}

static int openssl_status(void)
{
    return 1;
}

void fleet_seed(uint64_t seed)
{
    static RAND_METHOD method = {
        .bytes = openssl_bytes, .pseudorand = openssl_bytes, .status = openssl_status};
    octets.state = seed;
    (void)RAND_set_rand_method(&method);
}
