#include "checks.h"

/* A revocation list past half its window, or one that lacks a revoked serial. */
CHECK(td18_status_stale)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->status_stale);
}
