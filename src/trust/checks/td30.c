#include "checks.h"

/* A rollout that is called done without the booted digest. */
CHECK(td30_rollout_unproven)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->rollout_unproven);
}
