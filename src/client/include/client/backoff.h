/* How long to wait before the next attempt: full jitter, so that a fleet that lost its server does
 * not come back as one wave. */
#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms; /* upper bound of the first wait */
    uint32_t most_ms;  /* upper bound of any wait, unless Retry-After asks for more */
};

/* Uniform in 0 .. min(most, first * 2^attempt), attempts counted from 0; with `retry_after_s` > 0
 * uniform in retry_after .. 1.25 * retry_after: the server has said when. */
uint32_t backoff_wait_ms(const struct backoff *backoff, unsigned attempt, uint32_t retry_after_s);

void backoff_sleep_ms(uint32_t ms); /* over EINTR */

#endif
