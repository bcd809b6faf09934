#include "checks.h"

/* A certificate or a key that is older than policy, or a key that was kept over more renewals. */
CHECK(td10_too_old)
{
    if (facts->not_before_s == 0)
        return (struct opinion){.open = UNMEASURED};
    int64_t since_s = facts->key_since_s != 0 ? facts->key_since_s : facts->not_before_s;
    bool is_kept = facts->key_renewals > policy->max_key_renewals;
    struct opinion age = opinion_from(since_s + policy->max_age_s, now_s);
    struct opinion kept = opinion_from(is_kept ? facts->not_before_s : 0, now_s);
    return opinion_either(age, kept);
}
