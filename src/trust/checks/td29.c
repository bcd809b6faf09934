#include "checks.h"

/* Its anti-rollback counter is not enforced, or was not advanced. */
CHECK(td29_rollback_open)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->rollback_open);
}
