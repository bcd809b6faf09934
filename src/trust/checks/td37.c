#include "checks.h"

/* A waiver has expired over a finding that is still open. */
CHECK(td37_waiver_lapsed)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->waiver_lapsed);
}
