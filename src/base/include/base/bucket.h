/* A token bucket: so many a second, and so many at once. Pure; time is a parameter. Zeroed memory
 * is a full bucket. */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

struct bucket_rule {
    uint32_t per_s; /* 0: no limit */
    uint32_t burst; /* at once; 1 or more */
};

struct bucket {
    int64_t at_ms;
    int64_t used;  /* thousandths of a token that are missing */
    uint32_t owed; /* who was refused and is expected back */
};

/* What time has given back; `rule.per_s` is not 0. bucket_take() does it too. */
void bucket_refill(struct bucket *bucket, struct bucket_rule rule, int64_t now_ms);

/* Takes one, if afterwards `kept` are there for others. What is refused is owed. */
bool bucket_take(struct bucket *bucket, struct bucket_rule rule, uint32_t kept, int64_t now_ms);

#define BUCKET_WAIT_LEAST_S 10
#define BUCKET_WAIT_MOST_S 3600

/* Retry-After in seconds for one who was refused just now: `who` (1 to 64 octets that name him) and
 * the instant draw his place in twice the time that all who are owed one take, so that they come
 * back at half the rate that is served; within the limits above. */
uint32_t bucket_wait_s(const struct bucket *bucket, struct bucket_rule rule, struct bytes who);

#endif
