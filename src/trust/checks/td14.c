#include "checks.h"

/* The old certificate is not on any published CRL although its successor was proven. Only who looks
 * again hears that the CRL has come. */
CHECK(td14_superseded_alive)
{
    (void)policy;
    struct opinion opinion = opinion_late(facts->replaced_alive, PUBLISH_LATE_S, now_s);
    if (opinion.open == YES)
        opinion.next_s = now_s + PUBLISH_LATE_S;
    return opinion;
}
