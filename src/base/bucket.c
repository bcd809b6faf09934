#include <base/bucket.h>

#include <wire/spread.h>

void bucket_refill(struct bucket *bucket, struct bucket_rule rule, int64_t now_ms)
{
    int64_t passed_ms = now_ms - bucket->at_ms;
    bucket->at_ms = now_ms;
    if (passed_ms > bucket->used / rule.per_s)
        bucket->used = 0;
    else if (passed_ms > 0)
        bucket->used -= passed_ms * rule.per_s;
}

bool bucket_take(struct bucket *bucket, struct bucket_rule rule, uint32_t kept, int64_t now_ms)
{
    if (rule.per_s == 0)
        return true;
    bucket_refill(bucket, rule, now_ms);
    if ((int64_t)rule.burst * 1000 - bucket->used < (1 + (int64_t)kept) * 1000) {
        bucket->owed += bucket->owed < UINT32_MAX;
        return false;
    }
    bucket->used += 1000;
    bucket->owed -= bucket->owed > 0;
    return true;
}

/* By name and instant: whoever draws a short time does not draw it again and again. */
static uint32_t draw_below(struct bytes who, int64_t now_ms, uint32_t bound)
{
    uint8_t both[64 + sizeof now_ms];
    size_t n = who.n < 64 ? who.n : 64;
    memcpy(both, who.p, n);
    memcpy(both + n, &now_ms, sizeof now_ms);
    return spread_below(bytes_of(both, n + sizeof now_ms), bound);
}

uint32_t bucket_wait_s(const struct bucket *bucket, struct bucket_rule rule, struct bytes who)
{
    uint64_t span_s = rule.per_s == 0 ? 0 : UINT64_C(2) * bucket->owed / rule.per_s;
    if (span_s < BUCKET_WAIT_LEAST_S)
        span_s = BUCKET_WAIT_LEAST_S;
    if (span_s > BUCKET_WAIT_MOST_S)
        span_s = BUCKET_WAIT_MOST_S;
    return 1 + draw_below(who, bucket->at_ms, (uint32_t)span_s);
}
