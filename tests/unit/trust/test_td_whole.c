/* The checks about issuers and the installation: when each opens, stays, closes, and one second
 * before and after. */
#include "judged.h"

#include <base/result.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define END (NB + 3650 * DAY_S)   /* of the issuer */
#define CLIFF (END - 365 * DAY_S) /* from here on something must follow it */

static void what_nobody_measured_is_said_so(void **context)
{
    (void)context;
    const struct facts issuer = {.kind = SUBJECT_ISSUER}, whole = {.kind = SUBJECT_INSTALLATION};
    expect_open(16, &issuer, NB, UNMEASURED);
    expect_open(18, &issuer, NB, UNMEASURED);
    expect_open(21, &issuer, NB, UNMEASURED);
    expect_open(22, &whole, NB, UNMEASURED);
    expect_open(42, &whole, NB, UNMEASURED);
    expect_open(45, &whole, NB, UNMEASURED);
}

static void td16_opens_on_an_issuer_that_ended_before_what_it_issued(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.leaves_until_s = NB + LIFE;
    expect_open(16, &facts, NB, NO);
    assert_int_equal(judged(16, &facts, NB).next_s, END + 1);
    facts.issuer_state = ISSUER_RETIRING;
    expect_open(16, &facts, NB, NO);
    facts.issuer_state = ISSUER_ENDED;
    expect_closes(16, &facts, NB + LIFE + 1);
    assert_int_equal(judged(16, &facts, NB).next_s, NB + 900); /* nobody says when they are gone */
    facts.leaves_until_s = 0;
    expect_open(16, &facts, NB, NO);
}

static void td16_opens_on_an_issuer_that_expired_before_what_it_issued(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.leaves_until_s = END + LIFE;
    expect_opens(16, &facts, END + 1, END + 1);
    expect_closes(16, &facts, END + LIFE + 1);
    facts.leaves_until_s = END;
    expect_open(16, &facts, END + 1, NO);
}

static void td18_opens_on_a_list_past_half_its_window(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.crl_half_s = NB;
    expect_opens(18, &facts, NB + 300, NB);
    facts.crl_half_s += DAY_S; /* it was made anew */
    expect_open(18, &facts, NB + 301, NO);
}

static void td18_opens_on_a_list_that_lacks_what_ended(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.crl_missing = (struct since){YES, NB};
    expect_opens(18, &facts, NB + 60, NB);
    facts.crl_half_s = NB - 400; /* and is old as well, since before */
    assert_int_equal(judged(18, &facts, NB + 60).began_s, NB - 400);
    facts.crl_half_s = 0; /* there is none yet */
    expect_opens(18, &facts, NB + 60, NB);
}

static void td21_opens_on_an_issuer_that_nothing_follows(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    expect_opens(21, &facts, CLIFF, CLIFF);
    expect_open(21, &facts, END + DAY_S, YES);
    facts.issuer_state = ISSUER_ENDED;
    expect_open(21, &facts, END + DAY_S, NO);
}

static void td21_stays_until_the_last_has_moved(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.issuer_state = ISSUER_RETIRING;
    facts.leaves_until_s = CLIFF + LIFE;
    expect_opens(21, &facts, CLIFF, CLIFF);
    assert_int_equal(judged(21, &facts, CLIFF).next_s, CLIFF + 900);
    expect_closes(21, &facts, CLIFF + LIFE + 1);
    facts.leaves_until_s = 0;
    expect_open(21, &facts, CLIFF, NO);
}

static void td21_opens_on_an_issuer_that_ends_before_what_it_issued(void **context)
{
    (void)context;
    struct facts facts = sound_issuer();
    facts.leaves_until_s = END;
    expect_open(21, &facts, NB, NO);
    facts.leaves_until_s = END + 1;
    expect_open(21, &facts, NB, YES);
}

static void td22_opens_on_keys_in_less_than_policy_wants(void **context)
{
    (void)context;
    struct facts facts = sound_installation();
    struct policy strict = policy_normal();
    const struct check *check = check_find(22);
    expect_open(22, &facts, NB, NO);
    strict.least_custody = CUSTODY_TOKEN;
    assert_int_equal(check->judge(&facts, &strict, NB).open, YES);
    facts.custody = CUSTODY_TOKEN;
    assert_int_equal(check->judge(&facts, &strict, NB).open, NO);
    facts.custody_known = UNMEASURED;
    assert_int_equal(check->judge(&facts, &strict, NB).open, UNMEASURED);
}

static void td22_opens_on_a_sandbox_with_a_hole(void **context)
{
    (void)context;
    struct facts facts = sound_installation();
    facts.sandbox_refused = (struct since){YES, NB - 7};
    expect_open(22, &facts, NB, YES);
    assert_int_equal(judged(22, &facts, NB).began_s, NB - 7);
}

static void td45_opens_on_an_old_backup_and_on_an_old_drill(void **context)
{
    (void)context;
    struct facts facts = sound_installation();
    expect_opens(45, &facts, NB + 7 * DAY_S, NB + 7 * DAY_S);
    facts.backup_at_s = NB + 100 * DAY_S;
    expect_opens(45, &facts, NB + 90 * DAY_S, NB + 90 * DAY_S);
    facts.drill_at_s = NB + 90 * DAY_S;
    expect_open(45, &facts, NB + 100 * DAY_S, NO);
}

static void td42_follows_what_was_found(void **context)
{
    (void)context;
    struct facts facts = sound_installation();
    facts.ledger_gap.known = NO;
    expect_open(42, &facts, NB, NO);
    facts.ledger_gap = (struct since){YES, NB - 3};
    assert_int_equal(judged(42, &facts, NB).began_s, NB - 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_measured_is_said_so),
        cmocka_unit_test(td16_opens_on_an_issuer_that_ended_before_what_it_issued),
        cmocka_unit_test(td16_opens_on_an_issuer_that_expired_before_what_it_issued),
        cmocka_unit_test(td18_opens_on_a_list_past_half_its_window),
        cmocka_unit_test(td18_opens_on_a_list_that_lacks_what_ended),
        cmocka_unit_test(td21_opens_on_an_issuer_that_nothing_follows),
        cmocka_unit_test(td21_stays_until_the_last_has_moved),
        cmocka_unit_test(td21_opens_on_an_issuer_that_ends_before_what_it_issued),
        cmocka_unit_test(td22_opens_on_keys_in_less_than_policy_wants),
        cmocka_unit_test(td22_opens_on_a_sandbox_with_a_hole),
        cmocka_unit_test(td45_opens_on_an_old_backup_and_on_an_old_drill),
        cmocka_unit_test(td42_follows_what_was_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
