#include <base/rand.h>
#include <client/backoff.h>

#include <errno.h>
#include <time.h>

uint32_t backoff_wait_ms(const struct backoff *backoff, unsigned attempt, uint32_t retry_after_s)
{
    if (retry_after_s > 0) {
        uint64_t asked_ms = (uint64_t)retry_after_s * 1000;
        uint64_t wait_ms = asked_ms + rand_below(asked_ms / 4 + 1);
        return wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
    }
    uint64_t bound_ms = attempt < 32 ? (uint64_t)backoff->first_ms << attempt : UINT32_MAX;
    if (bound_ms > backoff->most_ms)
        bound_ms = backoff->most_ms;
    return (uint32_t)rand_below(bound_ms + 1);
}

void backoff_sleep_ms(uint32_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}
