// Times, without trust in a clock.
#include <troth/time.h>

void troth_time_raise(struct troth_time *time, int64_t at_least_s)
{
    if (at_least_s > time->floor_s)
        time->floor_s = at_least_s;
}

enum troth_verdict troth_time_judge(const struct troth_time *time, int64_t from_s, int64_t until_s)
{
    if (until_s < time->floor_s || until_s < from_s)
        return TROTH_NOT_NOW;
    if (!time->has_clock || time->clock_s < time->floor_s)
        return TROTH_TIME_UNKNOWN;
    return from_s <= time->clock_s && time->clock_s <= until_s ? TROTH_VALID : TROTH_NOT_NOW;
}
