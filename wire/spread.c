#include <wire/spread.h>

#include <wire/der.h>

// FNV-1a, and a last mix that lets every octet reach every bit.
static uint64_t draw(struct bytes who)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < who.n; i++)
        h = (h ^ who.p[i]) * UINT64_C(0x100000001b3);
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

uint32_t spread_below(struct bytes who, uint32_t bound)
{
    return (uint32_t)((draw(who) >> 32) * bound >> 32);
}

int64_t spread_renewal_s(struct bytes serial, int64_t not_before_s, int64_t not_after_s)
{
    if (not_after_s >= DER_TIME_NO_EXPIRY)
        return INT64_MAX;
    int64_t life_s = not_after_s - not_before_s;
    int64_t window_s = life_s / 100 * SPREAD_PERCENT;
    uint32_t within_s =
        spread_below(serial, (uint32_t)(window_s < UINT32_MAX ? window_s : UINT32_MAX));
    return not_before_s + life_s / 100 * SPREAD_FROM_PERCENT + within_s;
}
