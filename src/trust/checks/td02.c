#include "checks.h"

/* A replaced certificate was used after its successor was proven: two holders of one identity. */
CHECK(td02_clone)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->forked);
}
