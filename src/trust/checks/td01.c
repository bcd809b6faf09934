#include "checks.h"

/* One public key on two devices or holders: possession no longer tells them apart. */
CHECK(td01_key_shared)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->key_shared);
}
