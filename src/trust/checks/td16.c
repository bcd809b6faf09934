#include "checks.h"

/* A CA that ended, with certificates below it that still open something. */
CHECK(td16_issuer_broken)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->issuer_broken);
}
