#include "checks.h"

/* The device is admitted on a credential that is not its own. */
CHECK(td03_shared_credential)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->shared_credential);
}
