#include "checks.h"

#include <trust/standing.h>

/* A live certificate, and nothing heard of its device for three usual intervals. */
CHECK(td35_silent)
{
    if (facts->heard_at_s == 0)
        return (struct opinion){.open = UNMEASURED};
    if (!certificate_is_live(facts->cert_state))
        return (struct opinion){.open = NO};
    return opinion_from(facts->heard_at_s + 3 * policy->contact_every_s, now_s);
}
