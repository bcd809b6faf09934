#include "checks.h"

#include <trust/check.h>

/* What a waiver's end makes of a finding of check `number`: nothing while there is none, an instant
 * to look again while the waiver is in force, a lapse from then on. One whose condition began after
 * the waiver had expired was never waived. */
static void look(const struct facts *facts, const struct policy *policy, int64_t now_s, int number,
                 struct opinion *out)
{
    int64_t until_s = facts->waived_until_s[number];
    const struct check *check = check_find(number);
    if (until_s == 0 || check == NULL || number == CHECK_WAIVER_LAPSED ||
        (check->kinds & 1U << facts->kind) == 0)
        return;
    struct opinion waived = check->judge(facts, policy, now_s);
    if (waived.open != YES || waived.began_s >= until_s)
        return;
    if (until_s > now_s) {
        out->next_s = out->next_s == 0 || until_s < out->next_s ? until_s : out->next_s;
        return;
    }
    out->began_s = out->open != YES || until_s < out->began_s ? until_s : out->began_s;
    out->open = YES;
}

/* A waiver has expired over a finding that is still open. */
CHECK(td37_waiver_lapsed)
{
    struct opinion out = {.open = facts->waivers_read == YES ? NO : UNMEASURED};
    for (int number = 1; facts->waivers_read == YES && number <= CHECK_MAX; number++)
        look(facts, policy, now_s, number, &out);
    return out;
}
