#include "checks.h"

/* No recent backup, or none that was tried. */
CHECK(td45_backup_untested)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->backup_untested);
}
