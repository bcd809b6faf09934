// What a device can say of times that it was never sure about.
//
// The floor is a time that is over for certain: that of the build, then the newest that anything
// verified was signed at. It only rises, and is the caller's to keep over a restart. A clock counts
// where it is not below the floor. Booting never hangs on any of this.
#pragma once

#include <troth/verdict.h>

#include <stdbool.h>
#include <stdint.h>

struct troth_time {
    int64_t floor_s; // seconds since 1970
    bool has_clock;
    int64_t clock_s;
};

// Only upwards. `at_least_s` is of something whose signature verified, and of nothing else.
void troth_time_raise(struct troth_time *time, int64_t at_least_s);

// TROTH_VALID, TROTH_NOT_NOW where it is over by the floor or not now by a clock, and
// TROTH_TIME_UNKNOWN where that cannot be said. Both ends count as within.
enum troth_verdict troth_time_judge(const struct troth_time *time, int64_t from_s, int64_t until_s);
