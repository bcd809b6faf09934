#include "checks.h"

/* Its own instant of renewal has passed and nothing renewed it. */
CHECK(td07_renewal_due)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->renewal_due);
}
