#include "checks.h"

/* Its owner changed, and something of before remains, also what another CA issued; or both sides
 * signed that he changes, and the device did not come over within the time that policy gives it. */
CHECK(td43_transfer_unfinished)
{
    if (facts->transfer_unfinished.known == YES)
        return opinion_since(facts->transfer_unfinished);
    struct opinion left = opinion_within(facts->moved_s, facts->left_until_s, now_s);
    if (left.open == YES)
        return left;
    if (facts->transfer_accepted.known != YES)
        return opinion_since(facts->transfer_accepted);
    int64_t due_s = facts->transfer_accepted.at_s + policy->transfer_within_s;
    if (now_s < due_s)
        return (struct opinion){.open = NO, .next_s = due_s};
    return (struct opinion){.open = YES, .began_s = due_s};
}
