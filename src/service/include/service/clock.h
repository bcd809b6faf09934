/* May the clock be believed? (design 5, Time.) Issuing, expiry and grace stop while it may not;
 * revocation and publishing go on, by the time that is believed meanwhile. */
#ifndef SERVICE_CLOCK_H
#define SERVICE_CLOCK_H

#include <base/err.h>

#include <stdint.h>

#define CLOCK_BEHIND_S 5             /* behind the last entry */
#define CLOCK_JUMP_S 86400           /* off the monotonic clock */
#define CLOCK_SILENCE_S (30 * 86400) /* at start, after the last entry */

struct clock_guard {
    int64_t wall_s; /* a pair that was believed */
    int64_t monotonic_s;
    int64_t seen_wall_s; /* the pair of the last look */
    int64_t seen_monotonic_s;
    bool accepts_behind; /* a person said that the clock is right although it is behind */
    struct err doubt;    /* E_NONE: the clock is believed */
};

/* At start: believes the clock unless it is CLOCK_SILENCE_S after the last entry. */
void clock_guard_set(struct clock_guard *guard, int64_t wall_s, int64_t monotonic_s,
                     int64_t last_at_s);

/* Looks at both clocks and the last ledger entry, once a turn; the time to go by. While the wall
 * clock is in doubt that is the believed pair, carried on by the monotonic clock: an entry with a
 * time of a year ahead could never be taken back. Never before the last entry. */
int64_t clock_guard_look(struct clock_guard *guard, int64_t wall_s, int64_t monotonic_s,
                         int64_t last_at_s);

/* A person accepts the clock as it was at the last look. */
void clock_guard_accept(struct clock_guard *guard);

/* E_CLOCK with what is wrong, as of the last look. */
MUST_USE enum result clock_guard_check(const struct clock_guard *guard, struct err *err);

#endif
