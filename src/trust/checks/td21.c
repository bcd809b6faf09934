#include "checks.h"

/* A CA that ends soon and nothing follows it. */
CHECK(td21_issuer_cliff)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->issuer_cliff);
}
