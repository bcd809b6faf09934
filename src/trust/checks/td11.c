#include "checks.h"

/* Valid longer than policy, or without end. */
CHECK(td11_too_long)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->too_long);
}
