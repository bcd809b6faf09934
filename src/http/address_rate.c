#include "address_rate.h"

#include <wire/spread.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 1024
#define PLACES 4
#define KEY_N 8

struct place {
    uint8_t key[KEY_N]; /* zero: nobody, or who has no address */
    struct bucket bucket;
};

struct address_rate {
    uint64_t seed;
    struct place rows[ROWS][PLACES];
};

struct address_rate *address_rate_new(uint64_t seed)
{
    struct address_rate *rate = calloc(1, sizeof *rate);
    if (rate == NULL)
        return NULL;
    rate->seed = seed;
    return rate;
}

void address_rate_free(struct address_rate *rate)
{
    free(rate);
}

/* An IPv4 address is ::ffff:a.b.c.d where an IPv6 socket shows it. */
static void read_key(const struct sockaddr *from, uint8_t ret[KEY_N])
{
    memset(ret, 0, KEY_N);
    if (from != NULL && from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;
        ret[0] = 4;
        memcpy(ret + 1, &v4->sin_addr, 4);
    } else if (from != NULL && from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)from;
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        memcpy(ret, v6->sin6_addr.s6_addr, KEY_N);
        if (is_mapped)
            memcpy(ret + 1, v6->sin6_addr.s6_addr + 12, 4);
        if (is_mapped)
            ret[0] = 4;
    }
}

static struct place *row_of(struct address_rate *rate, const uint8_t key[KEY_N])
{
    uint8_t seeded[KEY_N + sizeof rate->seed];
    memcpy(seeded, key, KEY_N);
    memcpy(seeded + KEY_N, &rate->seed, sizeof rate->seed);
    return rate->rows[spread_below(bytes_of(seeded, sizeof seeded), ROWS)];
}

/* His own place, or the one of who asked least of late. */
static struct place *find_place(struct bucket_rule rule, struct place *row,
                                const uint8_t key[KEY_N], int64_t now_ms)
{
    struct place *least = &row[0];
    for (size_t i = 0; i < PLACES; i++) {
        if (memcmp(row[i].key, key, KEY_N) == 0)
            return &row[i];
        bucket_refill(&row[i].bucket, rule, now_ms);
        if (row[i].bucket.used < least->bucket.used)
            least = &row[i];
    }
    *least = (struct place){0};
    memcpy(least->key, key, KEY_N);
    return least;
}

bool address_rate_take(struct address_rate *rate, struct bucket_rule rule,
                       const struct sockaddr *from, int64_t now_ms, struct bytes who,
                       uint32_t *ret_retry_after_s)
{
    uint8_t key[KEY_N];
    if (rule.per_s == 0)
        return true;
    read_key(from, key);
    struct place *place = find_place(rule, row_of(rate, key), key, now_ms);
    if (bucket_take(&place->bucket, rule, 0, now_ms))
        return true;
    *ret_retry_after_s = bucket_wait_s(&place->bucket, rule, who);
    return false;
}
