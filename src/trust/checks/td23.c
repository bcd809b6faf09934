#include "checks.h"

/* Issued outside profile, quota or approval. Budgets raise it; a person answers. */
CHECK(td23_outside_profile)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->outside_profile);
}
