#include "checks.h"

/* A revoked or quarantined identity was admitted somewhere; or a session that it left open goes on
 * for longer than a boundary may be silent. */
CHECK(td15_revoked_in_use)
{
    if (facts->revoked_in_use.known == YES || facts->session_left.known != YES)
        return opinion_since(facts->revoked_in_use);
    return opinion_late(facts->session_left, policy->boundary_silent_s, now_s);
}
