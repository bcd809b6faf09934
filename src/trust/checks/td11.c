#include "checks.h"

/* Valid longer than policy, or without end; from its first second. */
CHECK(td11_too_long)
{
    (void)now_s;
    bool is_endless = facts->not_after_s >= POLICY_INSTANT_MOST;
    if (facts->not_after_s == 0 || (facts->not_before_s == 0 && !is_endless))
        return (struct opinion){.open = UNMEASURED};
    if (!is_endless && facts->not_after_s - facts->not_before_s <= policy->max_validity_s)
        return (struct opinion){.open = NO};
    return (struct opinion){.open = YES, .began_s = facts->not_before_s};
}
