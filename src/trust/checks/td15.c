#include "checks.h"

/* A revoked or quarantined identity was admitted somewhere. */
CHECK(td15_revoked_in_use)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->revoked_in_use);
}
