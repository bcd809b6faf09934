#include "checks.h"

/* The running image is unsigned, or signed by who may not. */
CHECK(td26_firmware_unsigned)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->firmware_unsigned);
}
