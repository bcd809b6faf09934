#include "checks.h"

/* A bootstrap token still opens a door that nobody needs any more. */
CHECK(td04_bootstrap_alive)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->token_open);
}
