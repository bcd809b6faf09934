#include "checks.h"

/* Accepted before its time, or the clock of its holder is off. */
CHECK(td13_clock)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->clock);
}
