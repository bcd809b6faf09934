#include "checks.h"

/* CA keys that are kept in less than policy wants, or open to one process more than they should be.
 * The root's is not on the server: that does not start beside it. */
CHECK(td22_key_custody)
{
    (void)now_s;
    bool is_less = facts->custody_known == YES && (int64_t)facts->custody < policy->least_custody;
    if (facts->sandbox_refused.known == YES)
        return opinion_since(facts->sandbox_refused);
    if (is_less)
        return (struct opinion){.open = YES};
    bool is_known = facts->custody_known == YES && facts->sandbox_refused.known == NO;
    return (struct opinion){.open = is_known ? NO : UNMEASURED};
}
