#include "checks.h"

/* A device's identity was used like a person's. */
CHECK(td38_used_by_person)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->used_by_person);
}
