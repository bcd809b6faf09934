#include "checks.h"

/* The key of a live certificate does not meet the key rules. */
CHECK(td12_weak_key)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->weak_key);
}
