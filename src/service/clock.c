#include <service/clock.h>

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void clock_guard_set(struct clock_guard *guard, int64_t wall_s, int64_t monotonic_s,
                     int64_t last_at_s)
{
    bool is_silent = last_at_s != 0 && wall_s - last_at_s > CLOCK_SILENCE_S;
    *guard = (struct clock_guard){
        .wall_s = is_silent ? last_at_s : wall_s,
        .monotonic_s = monotonic_s,
    };
    (void)clock_guard_look(guard, wall_s, monotonic_s, last_at_s);
}

/* What the monotonic clock makes of the pair that was believed. */
static int64_t carried_s(const struct clock_guard *guard, int64_t monotonic_s)
{
    return guard->wall_s + (monotonic_s - guard->monotonic_s);
}

static void judge(struct clock_guard *guard, int64_t wall_s, int64_t monotonic_s, int64_t last_at_s)
{
    int64_t off_s = wall_s - carried_s(guard, monotonic_s);
    bool is_behind = wall_s + CLOCK_BEHIND_S < last_at_s;
    guard->accepts_behind = guard->accepts_behind && is_behind;
    guard->doubt.code = E_NONE;
    if (off_s > CLOCK_JUMP_S || off_s < -CLOCK_JUMP_S)
        (void)err_set(
            &guard->doubt, E_CLOCK,
            "the clock is %lld s off the monotonic clock and the last entries, %d are allowed",
            (long long)off_s, CLOCK_JUMP_S);
    else if (is_behind && !guard->accepts_behind)
        (void)err_set(&guard->doubt, E_CLOCK,
                      "the clock is %lld s behind the last ledger entry, %d s are allowed",
                      (long long)(last_at_s - wall_s), CLOCK_BEHIND_S);
}

int64_t clock_guard_look(struct clock_guard *guard, int64_t wall_s, int64_t monotonic_s,
                         int64_t last_at_s)
{
    guard->seen_wall_s = wall_s;
    guard->seen_monotonic_s = monotonic_s;
    judge(guard, wall_s, monotonic_s, last_at_s);
    bool is_believed = guard->doubt.code == E_NONE;
    return max(is_believed ? wall_s : carried_s(guard, monotonic_s), last_at_s);
}

void clock_guard_accept(struct clock_guard *guard)
{
    guard->wall_s = guard->seen_wall_s;
    guard->monotonic_s = guard->seen_monotonic_s;
    guard->accepts_behind = true;
    guard->doubt.code = E_NONE;
}

enum result clock_guard_check(const struct clock_guard *guard, struct err *err)
{
    if (guard->doubt.code == E_NONE)
        return OK;
    if (err != NULL)
        *err = guard->doubt;
    return R_REFUSED;
}
