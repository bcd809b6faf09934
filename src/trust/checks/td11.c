#include "checks.h"

/* Valid longer than policy, or without end; from its first second. */
CHECK(td11_too_long)
{
    bool is_endless = facts->not_after_s >= POLICY_INSTANT_MOST;
    if (facts->not_after_s == 0 || (facts->not_before_s == 0 && !is_endless))
        return (struct opinion){.open = UNMEASURED};
    if (!is_endless && facts->not_after_s - facts->not_before_s <= policy->max_validity_s)
        return (struct opinion){.open = NO};
    if (facts->not_before_s == 0)
        return (struct opinion){.open = YES};
    return opinion_from(facts->not_before_s, now_s); /* a scan sees some before their time */
}
