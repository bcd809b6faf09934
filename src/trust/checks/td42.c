#include "checks.h"

/* The ledger does not verify, or forks from a checkpoint that somebody holds. */
CHECK(td42_ledger_gap)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->ledger_gap);
}
