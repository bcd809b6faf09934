#include "checks.h"

/* A certificate or a key that is older than policy. */
CHECK(td10_too_old)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->too_old);
}
