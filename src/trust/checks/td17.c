#include "checks.h"

/* A tombstone or a lost device with anything that still opens a door, here or elsewhere. A door
 * that is a token, or another CA's certificate, closes with time. */
CHECK(td17_zombie)
{
    (void)policy;
    if (facts->state != STATE_RETIRED && facts->state != STATE_LOST)
        return (struct opinion){.open = NO};
    bool is_token = facts->not_after_s == 0 && facts->credential_alive.known == YES;
    if (!is_token)
        return opinion_since(facts->credential_alive);
    if (now_s > facts->token_until_s)
        return (struct opinion){.open = NO};
    return (struct opinion){
        .open = YES,
        .began_s = facts->credential_alive.at_s,
        .next_s = facts->token_until_s + 1,
    };
}
