#include "checks.h"

/* A binding that takes in what others have, or by which nobody came for long; and a service that
 * admits beyond what its boundary knows. What has expired gives nobody anything. */
CHECK(td39_too_much_access)
{
    struct opinion wide = opinion_since(facts->too_much_access);
    struct opinion open = opinion_since(facts->fails_open);
    int64_t used_s = facts->access_used_s, until_s = facts->access_until_s;
    if (wide.open == UNMEASURED && open.open == UNMEASURED)
        return wide;
    if (until_s != 0 && now_s >= until_s)
        return (struct opinion){.open = NO};
    struct opinion unused = opinion_from(used_s != 0 ? used_s + policy->access_unused_s : 0, now_s);
    struct opinion ends = {.open = NO, .next_s = until_s};
    return opinion_either(opinion_either(wide, unused), opinion_either(open, ends));
}
