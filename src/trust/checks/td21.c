#include "checks.h"

int64_t leaves_next_s(const struct facts *facts, int64_t now_s)
{
    int64_t look_s = now_s + LEAVES_LOOK_S;
    return look_s <= facts->leaves_until_s ? look_s : facts->leaves_until_s + 1;
}

/* A CA that ends soon: nothing follows it, or what it issued has not moved to what does. Or one
 * that ends before what it issued, whenever. */
CHECK(td21_issuer_cliff)
{
    if (facts->issuer_state == ISSUER_NONE)
        return (struct opinion){.open = UNMEASURED};
    if (facts->issuer_state == ISSUER_ENDED)
        return (struct opinion){.open = NO};
    bool outlives = facts->leaves_until_s > facts->not_after_s && now_s <= facts->leaves_until_s;
    if (outlives)
        return (struct opinion){.open = YES, .next_s = leaves_next_s(facts, now_s)};
    struct opinion soon = opinion_from(facts->not_after_s - policy->rollover_before_s, now_s);
    if (soon.open != YES || facts->issuer_state == ISSUER_CURRENT)
        return soon;
    if (now_s > facts->leaves_until_s)
        return (struct opinion){.open = NO};
    soon.next_s = leaves_next_s(facts, now_s);
    return soon;
}
