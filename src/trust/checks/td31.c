#include "checks.h"

/* Secure boot off, debug port open, or the wrong root key. */
CHECK(td31_boot_open)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->boot_open);
}
