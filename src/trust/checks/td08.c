#include "checks.h"

/* Past renew-by without a successor: begins at that very second, ends with expiry, which is not
 * deferral any more. */
CHECK(td08_renewal_deferred)
{
    if (facts->not_after_s == 0)
        return (struct opinion){.open = UNMEASURED};
    int64_t life_s = facts->not_after_s - facts->not_before_s;
    int64_t due_s = facts->not_before_s + life_s / 100 * policy->renew_by_percent;
    if (now_s < due_s)
        return (struct opinion){.open = NO, .next_s = due_s};
    return (struct opinion){.open = YES, .began_s = due_s};
}
