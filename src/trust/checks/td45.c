#include "checks.h"

/* The last backup, or the last drill of a restore, is older than policy. */
CHECK(td45_backup_untested)
{
    if (facts->backup_at_s == 0 || facts->drill_at_s == 0)
        return (struct opinion){.open = UNMEASURED};
    return opinion_either(opinion_from(facts->backup_at_s + policy->backup_every_s, now_s),
                          opinion_from(facts->drill_at_s + policy->drill_every_s, now_s));
}
