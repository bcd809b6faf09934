#include <service/clock.h>

void clock_guard_set(struct clock_guard *guard, int64_t now_s, int64_t monotonic_s,
                     int64_t last_at_s)
{
    clock_guard_accept(guard, now_s, monotonic_s);
    if (last_at_s != 0 && now_s - last_at_s > CLOCK_SILENCE_S)
        guard->silent_s = now_s - last_at_s;
}

void clock_guard_accept(struct clock_guard *guard, int64_t now_s, int64_t monotonic_s)
{
    guard->wall_s = now_s;
    guard->monotonic_s = monotonic_s;
    guard->silent_s = 0;
}

enum result clock_guard_check(const struct clock_guard *guard, int64_t now_s, int64_t monotonic_s,
                              int64_t last_at_s, struct err *err)
{
    if (now_s + CLOCK_BEHIND_S < last_at_s)
        return err_set(err, E_CLOCK,
                       "the clock is %lld s behind the last ledger entry, %d s are allowed",
                       (long long)(last_at_s - now_s), CLOCK_BEHIND_S);
    if (guard->silent_s != 0)
        return err_set(
            err, E_CLOCK,
            "at start the last ledger entry was %lld days old, %d are allowed: accept the clock",
            (long long)(guard->silent_s / 86400), CLOCK_SILENCE_S / 86400);

    int64_t off_s = (now_s - guard->wall_s) - (monotonic_s - guard->monotonic_s);
    if (off_s > CLOCK_JUMP_S || off_s < -CLOCK_JUMP_S)
        return err_set(err, E_CLOCK, "the clock jumped by %lld s since start, %d are allowed",
                       (long long)off_s, CLOCK_JUMP_S);
    return OK;
}
