#include "checks.h"

/* Test identities in production, or the reverse. */
CHECK(td40_wrong_environment)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->wrong_environment);
}
