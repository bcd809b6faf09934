#include "checks.h"

/* A live certificate, and nothing heard of its device for three usual intervals. */
CHECK(td35_silent)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->silent);
}
