#include "checks.h"

#define REFRESH_LATE_S 300 /* every list is looked at each minute, and made one after the other */

static struct opinion of_lists(const struct facts *facts, int64_t now_s)
{
    if (facts->crl_half_s == 0)
        return opinion_late(facts->crl_missing, PUBLISH_LATE_S, now_s);
    struct opinion old =
        opinion_late((struct since){YES, facts->crl_half_s}, REFRESH_LATE_S, now_s);
    return opinion_either(old, opinion_late(facts->crl_missing, PUBLISH_LATE_S, now_s));
}

/* A revocation list past half its window, or one that lacks a revoked serial. The last certificate
 * of a list ends without a word: while it is open somebody looks again. */
CHECK(td18_status_stale)
{
    (void)policy;
    struct opinion opinion = of_lists(facts, now_s);
    int64_t look_s = now_s + LEAVES_LOOK_S;
    if (opinion.open == YES && (opinion.next_s == 0 || opinion.next_s > look_s))
        opinion.next_s = look_s;
    return opinion;
}
