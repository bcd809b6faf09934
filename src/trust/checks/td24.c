#include "checks.h"

/* A leaf straight from a root. */
CHECK(td24_root_issued_leaf)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->root_issued_leaf);
}
