#include "checks.h"

/* What it runs is only said, not proven, or was proven too long ago. */
CHECK(td27_evidence_weak)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->evidence_weak);
}
