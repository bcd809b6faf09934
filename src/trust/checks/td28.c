#include "checks.h"

/* Below the security floor, or a security update is overdue. */
CHECK(td28_below_floor)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->below_floor);
}
