/* The checks about certificates of other CAs: when each opens, stays, closes, and one second before
 * and after. */
#include "judged.h"

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SEEN (NB + DAY_S) /* a scan saw it first */

/* Seen at one place, of a device, sound by every measure. */
static struct facts sound_foreign(void)
{
    return (struct facts){
        .kind = SUBJECT_FOREIGN,
        .not_before_s = NB,
        .not_after_s = NB + LIFE,
        .key_since_s = NB,
        .in_use_from_s = SEEN,
        .above_until_s = NB + 3650 * DAY_S,
        .key_shared.known = NO,
        .not_in_inventory.known = NO,
        .expired_used.known = NO,
        .weak_key.known = NO,
        .clock.known = NO,
        .root_issued_leaf.known = NO,
    };
}

static struct standing stands(const struct facts *facts, int64_t at_s)
{
    const struct policy normal = policy_normal();
    return standing(facts, &normal, at_s);
}

static void what_a_list_alone_named_is_unmeasured(void **context)
{
    (void)context;
    const struct facts facts = {
        .kind = SUBJECT_FOREIGN, .not_after_s = NB + LIFE, .in_use_until_s = NB + LIFE + 1};
    static const int numbers[] = {1, 5, 9, 10, 11, 12, 13, 16, 24};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++)
        expect_open(numbers[i], &facts, NB, UNMEASURED);
    assert_int_equal(stands(&facts, NB).measured, 0);
}

static void a_sound_one_owes_nothing(void **context)
{
    (void)context;
    const struct facts facts = sound_foreign();
    assert_int_equal(stands(&facts, SEEN).n, 0);
    assert_int_equal(stands(&facts, SEEN).next_s, NB + 365 * DAY_S); /* TD-10 */
}

static void td10_opens_on_age_and_on_an_older_key(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    expect_opens(10, &facts, NB + 365 * DAY_S, NB + 365 * DAY_S);
    facts.key_since_s = NB - 100 * DAY_S;
    expect_opens(10, &facts, NB + 265 * DAY_S, NB + 265 * DAY_S);
}

static void td11_opens_beyond_policy_and_without_an_end(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    facts.not_after_s = NB + 825 * DAY_S;
    expect_open(11, &facts, SEEN, NO);
    facts.not_after_s++;
    expect_open(11, &facts, SEEN, YES);
    facts.not_after_s = POLICY_INSTANT_MOST;
    expect_open(11, &facts, SEEN, YES);
}

static void td13_is_over_when_its_time_has_come(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    facts.not_before_s = NB + 10 * DAY_S;
    facts.clock = (struct since){YES, SEEN};
    expect_closes(13, &facts, NB + 10 * DAY_S);
    assert_int_equal(judged(13, &facts, SEEN).began_s, SEEN);
}

static void td16_opens_when_who_stands_above_has_ended(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    facts.above_until_s = NB + 50 * DAY_S;
    expect_opens(16, &facts, NB + 50 * DAY_S + 1, NB + 50 * DAY_S + 1);
    facts.above_until_s = 0;
    expect_open(16, &facts, NB + 50 * DAY_S + 1, UNMEASURED);
}

static void what_was_reported_is_followed(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    struct since *reported[] = {&facts.key_shared, &facts.not_in_inventory, &facts.expired_used,
                                &facts.weak_key, &facts.root_issued_leaf};
    static const int numbers[] = {1, 5, 9, 12, 24};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        *reported[i] = (struct since){YES, SEEN};
        expect_open(numbers[i], &facts, SEEN, YES);
        *reported[i] = (struct since){.known = NO};
        expect_open(numbers[i], &facts, SEEN, NO);
    }
}

static void nobody_owes_for_the_time_before_it_was_seen(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    facts.not_after_s = NB + 900 * DAY_S;
    struct standing out = stands(&facts, SEEN);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.findings[0].check->number, 11);
    assert_int_equal(out.findings[0].began_s, SEEN); /* not NB, which it claims itself */
}

/* Seen and gone, revoked, or never seen and expired. */
static void out_of_use_it_owes_nothing(void **context)
{
    (void)context;
    struct facts facts = sound_foreign();
    int64_t until_s = SEEN + 5 * DAY_S;
    facts.weak_key = (struct since){YES, SEEN};
    facts.in_use_until_s = until_s;
    struct standing before = stands(&facts, until_s - 1), after = stands(&facts, until_s);
    assert_true(standing_has(&before, 12));
    assert_int_equal(before.next_s, until_s);
    assert_int_equal(after.n, 0);
    assert_int_equal(after.next_s, 0);
    facts.in_use_until_s = 0;
    struct standing early = stands(&facts, SEEN - 1), seen = stands(&facts, SEEN);
    assert_int_equal(early.n, 0);
    assert_int_equal(early.next_s, SEEN);
    assert_true(standing_has(&seen, 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_list_alone_named_is_unmeasured),
        cmocka_unit_test(a_sound_one_owes_nothing),
        cmocka_unit_test(td10_opens_on_age_and_on_an_older_key),
        cmocka_unit_test(td11_opens_beyond_policy_and_without_an_end),
        cmocka_unit_test(td13_is_over_when_its_time_has_come),
        cmocka_unit_test(td16_opens_when_who_stands_above_has_ended),
        cmocka_unit_test(what_was_reported_is_followed),
        cmocka_unit_test(nobody_owes_for_the_time_before_it_was_seen),
        cmocka_unit_test(out_of_use_it_owes_nothing),
    };
    return cmocka_run_group_tests_name("trust/td_foreign", tests, NULL, NULL);
}
