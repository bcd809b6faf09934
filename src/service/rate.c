#include <service/rate.h>

#include <base/bucket.h>

#include <stdlib.h>

/* Who has more than this part of his certificate's life left is calm; and nobody is told to wait
 * for more than that part of what he has left. */
#define CALM_PARTS 5
#define WAIT_PARTS 16

struct rate {
    int64_t product;
    struct bucket bucket;
    struct rate *next;
};

void rates_free(struct rate **rates)
{
    while (*rates != NULL) {
        struct rate *gone = *rates;
        *rates = gone->next;
        free(gone);
    }
}

static enum result find_rate(struct service *service, int64_t product, struct rate **ret,
                             struct err *err)
{
    for (struct rate *rate = service->rates; rate != NULL; rate = rate->next)
        if (rate->product == product) {
            *ret = rate;
            return OK;
        }

    struct rate *rate = calloc(1, sizeof *rate);
    if (rate == NULL)
        return err_set(err, E_MEMORY, "no memory for a product's rate");
    *rate = (struct rate){.product = product, .next = service->rates};
    service->rates = *ret = rate;
    return OK;
}

/* Seconds until the device has no certificate any more; INT64_MAX: it has none to lose. */
static int64_t left_s(const struct subject *subject, int64_t now_s)
{
    if (subject->live_n == 0)
        return INT64_MAX;
    int64_t end_s = subject->live[0].not_after_s;
    return end_s > now_s ? end_s - now_s : 0;
}

/* How often a minute doubles into this time: who has minutes left is far from who has an hour, and
 * that one from who has a day. */
static uint32_t doublings(int64_t time_s)
{
    uint32_t n = 0;
    for (int64_t minutes = 1 + time_s / 60; minutes > 1; minutes /= 2)
        n++;
    return n;
}

/* Of the burst, what must be left for those whose certificates end sooner. */
static uint32_t kept_for_others(const struct subject *subject, uint32_t burst, int64_t now_s)
{
    uint32_t most = burst / 2;
    int64_t left = left_s(subject, now_s);
    if (left == INT64_MAX)
        return most;
    int64_t calm_s = (subject->live[0].not_after_s - subject->live[0].not_before_s) / CALM_PARTS;
    return left >= calm_s ? most : most * doublings(left) / (1 + doublings(calm_s));
}

enum result rate_take(struct service *service, const struct subject *subject, struct bytes who,
                      int64_t now_s, uint32_t *ret_retry_after_s, struct err *err)
{
    struct rate *rate = NULL;
    struct bucket_rule rule = {service->limits.product_per_s, service->limits.product_burst};
    TRY(find_rate(service, subject->product.id, &rate, err));
    uint32_t kept = kept_for_others(subject, rule.burst, now_s);
    if (bucket_take(&rate->bucket, rule, kept, service->now_ms))
        return OK;

    uint32_t wait_s = bucket_wait_s(&rate->bucket, rule, who);
    int64_t most_s = 1 + left_s(subject, now_s) / WAIT_PARTS;
    *ret_retry_after_s = wait_s > most_s ? (uint32_t)most_s : wait_s;
    return err_set(err, E_BUSY, "product \"%s\": more than %u certificates a second",
                   subject->product.name, rule.per_s);
}
