#include "checks.h"

/* By the end of who stands above it. */
static struct opinion of_foreign(const struct facts *facts, int64_t now_s)
{
    if (facts->above_until_s == 0)
        return (struct opinion){.open = UNMEASURED};
    return opinion_from(facts->above_until_s + 1, now_s);
}

/* A CA that ended, or whose time is over, with certificates below it that are still live. */
CHECK(td16_issuer_broken)
{
    (void)policy;
    if (facts->kind == SUBJECT_FOREIGN)
        return of_foreign(facts, now_s);
    if (facts->issuer_state == ISSUER_NONE)
        return (struct opinion){.open = UNMEASURED};
    bool is_ended = facts->issuer_state == ISSUER_ENDED;
    if (!is_ended && now_s <= facts->not_after_s)
        return (struct opinion){.open = NO, .next_s = facts->not_after_s + 1};
    if (now_s > facts->leaves_until_s)
        return (struct opinion){.open = NO};
    return (struct opinion){
        .open = YES,
        .began_s = is_ended ? 0 : facts->not_after_s + 1,
        .next_s = leaves_next_s(facts, now_s),
    };
}
