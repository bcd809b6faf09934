/* May the clock be believed? (design 5, Time.) Issuing, expiry and grace stop while it may not;
 * revocation and publishing go on. */
#ifndef SERVICE_CLOCK_H
#define SERVICE_CLOCK_H

#include <base/err.h>

#include <stdint.h>

#define CLOCK_BEHIND_S 5             /* behind the last entry */
#define CLOCK_JUMP_S 86400           /* off the monotonic clock */
#define CLOCK_SILENCE_S (30 * 86400) /* at start, after the last entry */

struct clock_guard {
    int64_t wall_s;      /* when the guard was set */
    int64_t monotonic_s; /* the same instant */
    int64_t silent_s;    /* at start: how long after the last entry; 0 when accepted */
};

void clock_guard_set(struct clock_guard *guard, int64_t now_s, int64_t monotonic_s,
                     int64_t last_at_s);

/* A person accepted the clock as it is now. */
void clock_guard_accept(struct clock_guard *guard, int64_t now_s, int64_t monotonic_s);

/* E_CLOCK with what is wrong. A clock that was behind and caught up is believed again by itself. */
MUST_USE enum result clock_guard_check(const struct clock_guard *guard, int64_t now_s,
                                       int64_t monotonic_s, int64_t last_at_s, struct err *err);

#endif
