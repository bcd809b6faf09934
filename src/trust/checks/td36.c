#include "checks.h"

/* Nobody owns it, or its support has ended. */
CHECK(td36_no_owner)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->no_owner);
}
