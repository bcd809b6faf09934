#include "checks.h"

/* Its ownership moved, and something of before remains. */
CHECK(td43_transfer_unfinished)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->transfer_unfinished);
}
