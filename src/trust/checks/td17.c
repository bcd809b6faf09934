#include "checks.h"

/* A tombstone or a lost device with anything that still opens a door, here or elsewhere: a
 * certificate, a token that no permit waits for any more, what another CA issued. */
CHECK(td17_zombie)
{
    (void)policy;
    if (facts->state != STATE_RETIRED && facts->state != STATE_LOST)
        return (struct opinion){.open = NO};
    int64_t unwanted_s = facts->permit_until_s != 0 ? facts->permit_until_s + 1 : 0;
    struct opinion alive = opinion_since(facts->credential_alive);
    struct opinion doors = opinion_either(opinion_within(unwanted_s, facts->token_until_s, now_s),
                                          opinion_within(0, facts->foreign_until_s, now_s));
    struct opinion all = opinion_either(alive, doors);
    all.open = doors.open == YES ? YES : alive.open;
    return all;
}
