#include "checks.h"

/* A boundary that is behind, or silent. */
CHECK(td19_boundary_behind)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->boundary_behind);
}
