#include "checks.h"

/* A certificate is in use somewhere that belongs to no device on record. */
CHECK(td05_not_in_inventory)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->not_in_inventory);
}
