#include "checks.h"

/* A bootstrap token still opens a door that nobody needs any more; time closes it as well. */
CHECK(td04_bootstrap_alive)
{
    (void)policy;
    if (facts->token_open.known != YES)
        return opinion_since(facts->token_open);
    if (now_s > facts->token_until_s)
        return (struct opinion){.open = NO};
    return (struct opinion){
        .open = YES,
        .began_s = facts->token_open.at_s,
        .next_s = facts->token_until_s + 1,
    };
}
