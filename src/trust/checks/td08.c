#include "checks.h"

int64_t renew_by_s(const struct facts *facts, const struct policy *policy)
{
    int64_t life_s = facts->not_after_s - facts->not_before_s;
    return facts->not_before_s + life_s / 100 * policy->renew_by_percent;
}

/* Past renew-by without a successor: it begins at that very second and ends when one is issued. It
 * counts how often the device, as it is usually heard, let it pass; it is high once that device may
 * not be heard again before the end. */
CHECK(td08_renewal_deferred)
{
    if (facts->not_after_s == 0 || facts->not_before_s == 0)
        return (struct opinion){.open = UNMEASURED};
    int64_t due_s = renew_by_s(facts, policy);
    int64_t high_s = facts->not_after_s - policy->contact_every_s + 1;
    struct opinion opinion = opinion_from(due_s, now_s);
    if (opinion.open != YES)
        return opinion;
    opinion.count =
        1 + (policy->contact_every_s > 0 ? (now_s - due_s) / policy->contact_every_s : 0);
    if (now_s >= high_s)
        opinion.severity = SEVERITY_HIGH;
    else
        opinion.next_s = high_s;
    return opinion;
}
