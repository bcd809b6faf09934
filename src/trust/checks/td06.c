#include "checks.h"

/* Closes when a re-proof of the demanded level succeeds. A device that never enrolled owes nothing.
 */
CHECK(td06_proof_too_weak)
{
    (void)now_s;
    if (facts->enrolled_at_s == 0)
        return (struct opinion){.open = UNMEASURED};
    if (facts->proof >= policy->least_proof)
        return (struct opinion){.open = NO};
    return (struct opinion){.open = YES, .began_s = facts->enrolled_at_s};
}
