#include "checks.h"

/* Configuration that nobody signed, or other than the signed one. */
CHECK(td44_config_drift)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->config_drift);
}
