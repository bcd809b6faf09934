#include "checks.h"

/* A tombstone or a lost device with anything that still opens a door. */
CHECK(td17_zombie)
{
    (void)policy;
    (void)now_s;
    if (facts->state != STATE_RETIRED && facts->state != STATE_LOST)
        return (struct opinion){.open = NO};
    return opinion_since(facts->credential_alive);
}
