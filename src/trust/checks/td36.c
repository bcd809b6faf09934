#include "checks.h"

/* In use, and nobody owns it or its support has ended. */
CHECK(td36_no_owner)
{
    if (facts->no_owner.known == UNMEASURED)
        return (struct opinion){.open = UNMEASURED};
    if (facts->state != STATE_ENROLLED && facts->state != STATE_ACTIVE &&
        facts->state != STATE_QUARANTINED)
        return (struct opinion){.open = NO};
    int64_t support_s = policy->end_of_support_s;
    if (support_s != 0 && support_s < facts->enrolled_at_s)
        support_s = facts->enrolled_at_s;
    return opinion_either(opinion_since(facts->no_owner), opinion_from(support_s, now_s));
}
