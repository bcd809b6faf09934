#include "checks.h"

#define REFRESH_LATE_S 300 /* every list is looked at each minute, and made one after the other */

/* A revocation list past half its window, or one that lacks a revoked serial. */
CHECK(td18_status_stale)
{
    (void)policy;
    if (facts->crl_half_s == 0)
        return opinion_late(facts->crl_missing, PUBLISH_LATE_S, now_s);
    struct opinion old =
        opinion_late((struct since){YES, facts->crl_half_s}, REFRESH_LATE_S, now_s);
    return opinion_either(old, opinion_late(facts->crl_missing, PUBLISH_LATE_S, now_s));
}
