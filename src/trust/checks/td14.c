#include "checks.h"

/* The old certificate is not on any published CRL although its successor was proven. */
CHECK(td14_superseded_alive)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->replaced_alive);
}
