#include "checks.h"

#define RENEWAL_TAKES_S 3600

/* Its own instant of renewal has passed and nothing renewed it; ends where TD-08 begins. Who renews
 * at that instant has the time that this takes: a hundredth of the certificate's life, an hour at
 * most. */
CHECK(td07_renewal_due)
{
    if (facts->renew_at_s == 0)
        return (struct opinion){.open = UNMEASURED};
    int64_t life_s = facts->not_after_s - facts->not_before_s;
    int64_t slack_s = life_s / 100 < RENEWAL_TAKES_S ? life_s / 100 : RENEWAL_TAKES_S;
    int64_t ends_s = renew_by_s(facts, policy);
    if (now_s >= ends_s || facts->renew_at_s + slack_s >= ends_s)
        return (struct opinion){.open = NO};
    const struct since due = {YES, facts->renew_at_s};
    struct opinion opinion = opinion_late(due, slack_s, now_s);
    if (opinion.open == YES)
        opinion.next_s = ends_s;
    return opinion;
}
