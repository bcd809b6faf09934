#include "checks.h"

/* A door that is open from one instant (0: whenever) until another: time closes it as well. */
static struct opinion door(int64_t from_s, int64_t until_s, int64_t now_s)
{
    if (now_s > until_s)
        return (struct opinion){.open = NO};
    if (now_s < from_s)
        return (struct opinion){.open = NO, .next_s = from_s};
    return (struct opinion){.open = YES, .began_s = from_s, .next_s = until_s + 1};
}

/* A tombstone or a lost device with anything that still opens a door, here or elsewhere: a
 * certificate, a token that no permit waits for any more, what another CA issued. */
CHECK(td17_zombie)
{
    (void)policy;
    if (facts->state != STATE_RETIRED && facts->state != STATE_LOST)
        return (struct opinion){.open = NO};
    int64_t unwanted_s = facts->permit_until_s != 0 ? facts->permit_until_s + 1 : 0;
    struct opinion alive = opinion_since(facts->credential_alive);
    struct opinion doors = opinion_either(door(unwanted_s, facts->token_until_s, now_s),
                                          door(0, facts->foreign_until_s, now_s));
    struct opinion all = opinion_either(alive, doors);
    all.open = doors.open == YES ? YES : alive.open;
    return all;
}
