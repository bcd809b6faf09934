#include "checks.h"

/* From decision to enforcement it took longer than promised. */
CHECK(td20_cut_off_slow)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->cut_off_slow);
}
