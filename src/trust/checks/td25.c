#include "checks.h"

/* The running digest is in no release. */
CHECK(td25_firmware_unknown)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->firmware_unknown);
}
