#include "checks.h"

/* A CA that ended, or whose time is over, with certificates below it that are still live. */
CHECK(td16_issuer_broken)
{
    (void)policy;
    if (facts->kind != SUBJECT_ISSUER)
        return opinion_since(facts->issuer_broken);
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
