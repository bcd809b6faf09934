/* What explains a check is what it looks at, and all of it: every other fact and setting is
 * changed, and the opinion stays. */
#include <trust/check.h>
#include <trust/evidence.h>
#include <trust/standing.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_S INT64_C(1700000000)
#define TRIALS 4000

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Near now, long ago, or none: where thresholds of days and years fall on either side. */
static int64_t draw_instant(void)
{
    static const int64_t spans[] = {100, 40 * DAY_S, 500 * DAY_S, 2000 * DAY_S};
    int64_t span = spans[draw(4)];
    if (draw(6) == 0)
        return 0;
    return NOW_S - span + (int64_t)draw((uint64_t)(2 * span));
}

static int most_of(enum fact_form form)
{
    static const int most[] = {
        [FACT_KNOWN] = YES + 1,
        [FACT_SUBJECT] = SUBJECT_COUNT,
        [FACT_STATE] = STATE_COUNT,
        [FACT_PROOF] = PROOF_COUNT,
        [FACT_CERTIFICATE] = CERT_STATE_COUNT,
        [FACT_ISSUER] = ISSUER_STATE_COUNT,
        [FACT_CUSTODY] = CUSTODY_TOKEN + 1,
    };
    return most[form];
}

static void set_fact(struct facts *facts, const struct fact_row *row)
{
    char *to = (char *)facts + row->at;
    if (row->form == FACT_SINCE) {
        struct since since = {(enum known)draw(3), draw_instant()};
        memcpy(to, &since, sizeof since);
    } else if (row->form == FACT_INSTANT || row->form == FACT_NUMBER) {
        int64_t number = row->form == FACT_NUMBER ? (int64_t)draw(8) : draw_instant();
        memcpy(to, &number, sizeof number);
    } else {
        int number = (int)draw((uint64_t)most_of(row->form));
        memcpy(to, &number, sizeof number);
    }
}

static void set_all(struct facts *facts)
{
    const struct fact_row *row = NULL;
    memset(facts, 0, sizeof *facts);
    for (size_t i = 0; (row = fact_at(i)) != NULL; i++)
        set_fact(facts, row);
}

static void set_setting(struct policy *policy, const struct policy_row *row)
{
    int64_t value = row->normal != row->most && draw(2) == 0 ? row->most : row->least;
    if (row->unit == POLICY_INSTANT)
        value = draw_instant();
    memcpy((char *)policy + row->at, &value, sizeof value);
}

static struct policy some_policy(void)
{
    struct policy policy = policy_normal();
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        if (draw(2) == 0)
            set_setting(&policy, row);
    return policy;
}

static bool is_same(struct opinion a, struct opinion b)
{
    return a.open == b.open && a.began_s == b.began_s && a.next_s == b.next_s &&
           a.severity == b.severity;
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void every_check_has_a_fact(void **state)
{
    (void)state;
    const struct check *check = NULL;
    for (size_t c = 0; (check = check_at(c)) != NULL; c++) {
        const struct fact_row *row = NULL;
        unsigned n = 0;
        for (size_t i = 0; (row = fact_at(i)) != NULL; i++)
            n += (unsigned)(row->checks >> check->number & 1);
        if (n == 0)
            fail_msg("TD-%02d looks at nothing that evidence.def has", check->number);
    }
}

static void what_a_check_does_not_name_does_not_move_it(void **state)
{
    (void)state;
    const struct check *check = NULL;
    seed = 88172645463325252ULL;
    for (int trial = 0; trial < TRIALS; trial++) {
        struct facts facts, other;
        uint64_t began = seed;
        struct policy policy = some_policy();
        const struct fact_row *row = NULL;
        set_all(&facts);
        for (size_t c = 0; (check = check_at(c)) != NULL; c++) {
            other = facts;
            for (size_t i = 0; (row = fact_at(i)) != NULL; i++)
                if ((row->checks >> check->number & 1) == 0)
                    set_fact(&other, row);
            other.hold = !facts.hold;
            other.quarantine = (int)draw(3);
            if (!is_same(check->judge(&facts, &policy, NOW_S),
                         check->judge(&other, &policy, NOW_S)))
                fail_msg("TD-%02d looks at what evidence.def does not name (state %llu)",
                         check->number, (unsigned long long)began);
        }
    }
}

static void what_a_check_names_can_move_it(void **state)
{
    (void)state;
    const struct fact_row *row = NULL;
    seed = 88172645463325252ULL;
    for (size_t i = 0; (row = fact_at(i)) != NULL; i++)
        for (int number = 1; number <= CHECK_MAX; number++) {
            const struct check *check = check_find(number);
            bool moved = check == NULL || (row->checks >> number & 1) == 0;
            for (int trial = 0; trial < 40 * TRIALS && !moved; trial++) {
                struct facts facts, other;
                struct policy policy = some_policy();
                set_all(&facts);
                other = facts;
                set_fact(&other, row);
                moved = !is_same(check->judge(&facts, &policy, NOW_S),
                                 check->judge(&other, &policy, NOW_S));
            }
            if (!moved)
                fail_msg("TD-%02d does not look at \"%s\"", number, row->word);
        }
}

static void only_the_settings_that_a_check_names_move_it(void **state)
{
    (void)state;
    const struct policy_row *row = NULL;
    const struct check *check = NULL;
    seed = 88172645463325252ULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        for (size_t c = 0; (check = check_at(c)) != NULL; c++) {
            bool moved = false;
            for (int trial = 0; trial < TRIALS; trial++) {
                struct facts facts;
                struct policy policy = some_policy(), other = policy;
                set_all(&facts);
                set_setting(&other, row);
                moved |= !is_same(check->judge(&facts, &policy, NOW_S),
                                  check->judge(&facts, &other, NOW_S));
            }
            if (moved != check_looks_at(check->number, row->number))
                fail_msg("TD-%02d and %s: evidence.def says otherwise", check->number, row->word);
        }
}

/* ---- values -----------------------------------------------------------------------------------
 */

static struct fact_value value_of(const struct facts *facts, const char *word)
{
    const struct fact_row *row = NULL;
    for (size_t i = 0; (row = fact_at(i)) != NULL; i++)
        if (strcmp(row->word, word) == 0)
            return fact_value(row, facts);
    fail_msg("there is no fact \"%s\"", word);
    return (struct fact_value){.at_s = 0};
}

static void values_are_words_and_instants(void **state)
{
    (void)state;
    const struct facts facts = {.kind = SUBJECT_DEVICE,
                                .state = STATE_RETIRED,
                                .not_after_s = 7,
                                .key_renewals = 3,
                                .forked = {YES, 42},
                                .key_shared = {NO, 42}};
    assert_string_equal(value_of(&facts, "state").text, "retired");
    assert_string_equal(value_of(&facts, "certificate until").text, "at");
    assert_int_equal(value_of(&facts, "certificate until").at_s, 7);
    assert_string_equal(value_of(&facts, "heard last").text, "none");
    assert_string_equal(value_of(&facts, "renewals over the same key").text, "3");
    assert_string_equal(value_of(&facts, "replaced certificate used").text, "yes");
    assert_int_equal(value_of(&facts, "replaced certificate used").at_s, 42);
    assert_string_equal(value_of(&facts, "key also another's").text, "no");
    assert_int_equal(value_of(&facts, "key also another's").at_s, 0);
    assert_string_equal(value_of(&facts, "weak key").text, "unmeasured");
}

static void every_cause_is_said_and_has_the_verdict_that_it_gives(void **state)
{
    (void)state;
    const struct policy policy = policy_normal();
    struct facts facts = {.kind = SUBJECT_DEVICE, .state = STATE_EXPECTED};
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_STATE);
    facts.state = STATE_QUARANTINED;
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_QUARANTINED);
    facts.state = STATE_ACTIVE;
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_NO_CERTIFICATE);
    facts.cert_state = CERT_CURRENT;
    facts.not_before_s = NOW_S + 10;
    facts.not_after_s = NOW_S + 100 * DAY_S;
    struct standing early = standing(&facts, &policy, NOW_S);
    assert_int_equal(early.cause, CAUSE_NOT_YET);
    assert_int_equal(early.next_s, NOW_S + 10);
    facts.not_before_s = NOW_S - 10;
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_VALID);
    facts.is_issuer_ended = true;
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_ISSUER_ENDED);
    facts.is_issuer_ended = false;
    facts.not_after_s = NOW_S - 1;
    assert_int_equal(standing(&facts, &policy, NOW_S).cause, CAUSE_EXPIRED);
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        assert_true(strlen(cause_text((enum verdict_cause)cause)) > 0);
        assert_true(strlen(cause_change((enum verdict_cause)cause)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_has_a_fact),
        cmocka_unit_test(what_a_check_does_not_name_does_not_move_it),
        cmocka_unit_test(what_a_check_names_can_move_it),
        cmocka_unit_test(only_the_settings_that_a_check_names_move_it),
        cmocka_unit_test(values_are_words_and_instants),
        cmocka_unit_test(every_cause_is_said_and_has_the_verdict_that_it_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
