/* Policies as bytes and words, and what the end of a waiver makes of a finding. */
#include <trust/policy_body.h>
#include <trust/standing.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/text.h>

#define NOW_S INT64_C(1800000000)

static enum result name(struct policy_part *part, const char *word, const char *value,
                        struct err *err)
{
    return policy_name_setting(part, text_bytes(word), text_bytes(value), err);
}

static enum result effect(struct policy_part *part, const char *check, const char *to,
                          struct err *err)
{
    return policy_name_effect(part, text_bytes(check), text_bytes(to), err);
}

static void what_is_no_policy_is_refused_by_name(void **context)
{
    (void)context;
    static const struct {
        const char *word, *value, *wanted;
    } settings[] = {
        {"renew", "80", "renew: there is no such setting"},
        {"renew-by", "79", "renew-by: seen 79, wanted 80 to 99"},
        {"renew-from", "61", "renew-from: seen 61, wanted 1 to 60"},
        {"renew-by", "85 %", "renew-by: seen \"85 %\", wanted a whole number"},
        {"renew-by", "-1", "renew-by: seen \"-1\", wanted a whole number"},
        {"max-age", "12x", "max-age: seen \"12x\", wanted a duration"},
        {"max-age", "3600", "max-age: seen 1h, wanted 1d to 36600d"},
        {"max-age", "9999999999999d", "max-age: seen \"9999999999999d\""},
        {"end-of-support", "2030-02-30", "end-of-support: seen \"2030-02-30\", wanted a day"},
        {"end-of-support", "2030-01-01T10:00:00", "end-of-support: seen"},
        {"least-custody", "drawer", "least-custody: seen \"drawer\", wanted file or token"},
        {"grace", "30d", "grace: seen in a policy, wanted at the product itself"},
        {"least-proof", "idevid", "least-proof: seen in a policy"},
    };
    static const struct {
        const char *check, *to, *wanted;
    } effects[] = {
        {"TD-46", "none", "TD-46: there is no such check, wanted TD-01 to TD-45"},
        {"TD-", "none", "TD-: there is no such check"},
        {"td-25", "none", "td-25: there is no such check"},
        {"TD-25", "destroy", "TD-25: seen \"destroy\", wanted none, refuse or quarantine"},
        {"TD-45", "quarantine", "TD-45: seen quarantine, wanted none: backup-untested is about no"},
    };
    struct policy_part part = {0};
    struct err err = {0};
    for (size_t i = 0; i < LENGTH_OF(settings); i++) {
        assert_int_not_equal(name(&part, settings[i].word, settings[i].value, &err), OK);
        assert_ptr_equal(strstr(err.text, settings[i].wanted), err.text);
    }
    for (size_t i = 0; i < LENGTH_OF(effects); i++) {
        assert_int_not_equal(effect(&part, effects[i].check, effects[i].to, &err), OK);
        assert_ptr_equal(strstr(err.text, effects[i].wanted), err.text);
    }
    assert_true(part.settings == 0 && part.effects == 0);
    assert_int_equal(name(&part, "renew-by", "90", &err), OK);
    assert_int_equal(name(&part, "renew-by", "90", &err), R_INVALID);
    assert_string_equal(err.text, "renew-by: seen twice");
    assert_int_equal(effect(&part, "TD-5", "none", &err), OK);
    assert_int_equal(effect(&part, "TD-05", "none", &err), R_INVALID);
}

static void bytes_that_no_writer_wrote_are_no_policy(void **context)
{
    (void)context;
    static const struct {
        const char *octets;
        size_t n;
    } cases[] = {
        {"\xa0", 1},                         /* a map */
        {"\x82\xa0", 2},                     /* half of it */
        {"\x83\xa0\xa0\xa0", 4},             /* more than it has */
        {"\x82\xa0\xa0\x00", 4},             /* more behind it */
        {"\x82\xa1\x00\x01\xa0", 5},         /* setting 0 */
        {"\x82\xa1\x18\x3f\x01\xa0", 6},     /* setting 63 */
        {"\x82\xa1\x18\x40\x01\xa0", 6},     /* a bit that there is not */
        {"\x82\xa1\x61x\x01\xa0", 6},        /* a name */
        {"\x82\xa1\x03\x61x\xa0", 6},        /* a word as value */
        {"\x82\xa0\xa1\x18\x2e\x01", 6},     /* TD-46 */
        {"\x82\xa0\xa1\x01\x03", 5},         /* effect 3 */
        {"\x82\xa0\xa2\x02\x01\x01\x01", 7}, /* out of order */
        {"\x82\xa0\xa1\x18\x01\x01", 6},     /* a number that is longer than it must be */
    };
    struct policy_part part = {.settings = 99};
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        assert_false(policy_body_read(bytes_of(cases[i].octets, cases[i].n), &part));
    assert_int_equal(part.settings, 99);
    assert_true(policy_body_read(bytes_of(NULL, 0), &part));
    assert_int_equal(part.settings, 0);
}

static void what_was_written_reads_as_the_same(void **context)
{
    (void)context;
    uint8_t space[LIMIT_POLICY_BYTES];
    struct buf b = buf_over(space, sizeof space);
    struct policy_part part = {0}, again = {0};
    struct err err = {0};
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        struct policy_text text = policy_value_text(row, row->most);
        int64_t value = -1;
        assert_int_equal(policy_value_read(row, text_bytes(text.text), &value, &err), OK);
        assert_int_equal(value, row->most);
        if (row->number != POLICY_GRACE && row->number != POLICY_LEAST_PROOF)
            assert_int_equal(name(&part, row->word, text.text, &err), OK);
    }
    for (int check = 1; check <= CHECK_MAX; check++) {
        char word[8];
        snprintf(word, sizeof word, "TD-%02d", check);
        assert_int_equal(effect(&part, word, "none", &err), OK);
    }
    policy_body_write(&part, &b);
    assert_true(buf_ok(&b));
    assert_true(policy_body_read(buf_bytes(&b), &again));
    assert_true(again.settings == part.settings && again.effects == part.effects);
    assert_int_equal(again.values.max_age_s, POLICY_MOST_S);
    assert_int_equal(policy_check(&again, &err), OK);
}

static void what_is_named_stands_above_what_is_below(void **context)
{
    (void)context;
    struct policy policy = policy_normal();
    struct policy_part fleet = {0}, own = {0};
    struct err err = {0};
    assert_int_equal(name(&fleet, "renew-by", "90", &err), OK);
    assert_int_equal(name(&fleet, "max-age", "100d", &err), OK);
    assert_int_equal(effect(&fleet, "TD-25", "quarantine", &err), OK);
    assert_int_equal(name(&own, "max-age", "50d", &err), OK);
    policy_apply(&fleet, &policy);
    policy_apply(&own, &policy);
    assert_int_equal(policy.renew_by_percent, 90);
    assert_int_equal(policy.max_age_s, 50 * DAY_S);
    assert_int_equal(policy.effect[25], EFFECT_QUARANTINE);
    assert_int_equal(policy.effect[2], EFFECT_QUARANTINE);
    assert_int_equal(policy.max_validity_s, 825 * DAY_S);
}

static void the_words_say_what_changes(void **context)
{
    (void)context;
    uint8_t space[LIMIT_POLICY_WORDS];
    struct buf b = buf_over(space, sizeof space);
    const struct policy normal = policy_normal();
    struct policy_part before = {0}, after = {0};
    struct err err = {0};
    policy_put_words(&before, &after, &normal, &b);
    assert_true(bytes_equal(buf_bytes(&b), bytes_text("names nothing")));
    assert_int_equal(name(&before, "max-age", "30d", &err), OK);
    assert_int_equal(name(&before, "renew-by", "90", &err), OK);
    assert_int_equal(name(&after, "renew-by", "95", &err), OK);
    assert_int_equal(name(&after, "drill-every", "90d", &err), OK);
    assert_int_equal(effect(&after, "TD-25", "quarantine", &err), OK);
    b = buf_over(space, sizeof space);
    policy_put_words(&before, &after, &normal, &b);
    static const char wanted[] = "renew-by 95 (was 90); max-age 365d again (was 30d); "
                                 "drill-every 90d; TD-25 quarantine (was none)";
    assert_memory_equal(space, wanted, sizeof wanted - 1);
    assert_int_equal(b.n, sizeof wanted - 1);
}

/* ---- TD-37 ------------------------------------------------------------------------------------
 */

/* A device whose token is open since `began_s`: TD-04, which follows what was reported. */
static struct facts open_since(int64_t began_s, int64_t until_s)
{
    struct facts facts = {
        .kind = SUBJECT_DEVICE,
        .state = STATE_ACTIVE,
        .proof = PROOF_IDEVID,
        .token_open = {YES, began_s},
        .token_until_s = NOW_S + 1000000,
        .waivers_read = YES,
    };
    facts.waived_until_s[CHECK_BOOTSTRAP_ALIVE] = until_s;
    return facts;
}

static struct standing judge(const struct facts *facts, int64_t now_s)
{
    const struct policy normal = policy_normal();
    return standing(facts, &normal, now_s);
}

static void a_waiver_lapses_at_its_expiry_over_what_is_open(void **context)
{
    (void)context;
    struct facts facts = open_since(NOW_S - 100, NOW_S);
    struct standing before = judge(&facts, NOW_S - 1), at = judge(&facts, NOW_S);
    assert_true(standing_has(&before, CHECK_BOOTSTRAP_ALIVE));
    assert_false(standing_has(&before, CHECK_WAIVER_LAPSED));
    assert_int_equal(before.next_s, NOW_S);
    const struct judged *lapsed = standing_finding(&at, CHECK_WAIVER_LAPSED);
    assert_non_null(lapsed);
    assert_int_equal(lapsed->began_s, NOW_S);
    assert_int_equal(lapsed->severity, SEVERITY_HIGH);
    assert_true(at.next_s == 0 || at.next_s > NOW_S);
}

static void a_waiver_over_nothing_does_not_lapse(void **context)
{
    (void)context;
    struct facts facts = open_since(NOW_S - 100, 0);
    struct standing judged = judge(&facts, NOW_S);
    assert_false(standing_has(&judged, CHECK_WAIVER_LAPSED)); /* none at all */
    facts = open_since(NOW_S, NOW_S - 50);
    judged = judge(&facts, NOW_S);
    assert_false(standing_has(&judged, CHECK_WAIVER_LAPSED)); /* it began after the expiry */
    facts = open_since(NOW_S - 100, NOW_S - 50);
    facts.token_open.known = NO;
    judged = judge(&facts, NOW_S);
    assert_false(standing_has(&judged, CHECK_WAIVER_LAPSED)); /* it has ended */
    assert_true(standing_measured(&judged, CHECK_WAIVER_LAPSED));
    facts = open_since(NOW_S - 100, NOW_S - 50);
    facts.waivers_read = UNMEASURED;
    judged = judge(&facts, NOW_S);
    assert_false(standing_measured(&judged, CHECK_WAIVER_LAPSED));
}

static void of_several_lapses_the_first_counts(void **context)
{
    (void)context;
    struct facts facts = open_since(NOW_S - 100, NOW_S - 10);
    facts.shared_credential = (struct since){YES, NOW_S - 200};
    facts.waived_until_s[CHECK_SHARED_CREDENTIAL] = NOW_S - 60;
    struct standing judged = judge(&facts, NOW_S);
    assert_int_equal(standing_finding(&judged, CHECK_WAIVER_LAPSED)->began_s, NOW_S - 60);
    facts.waived_until_s[CHECK_SHARED_CREDENTIAL] = NOW_S + 60; /* decided anew */
    judged = judge(&facts, NOW_S);
    assert_int_equal(standing_finding(&judged, CHECK_WAIVER_LAPSED)->began_s, NOW_S - 10);
    assert_int_equal(judged.next_s, NOW_S + 60);
    facts.waived_until_s[CHECK_BOOTSTRAP_ALIVE] = NOW_S + 30;
    judged = judge(&facts, NOW_S);
    assert_false(standing_has(&judged, CHECK_WAIVER_LAPSED));
    assert_int_equal(judged.next_s, NOW_S + 30);
}

static void a_waiver_changes_no_finding_and_no_effect(void **context)
{
    (void)context;
    struct facts facts = open_since(NOW_S - 100, NOW_S + 50);
    struct policy policy = policy_normal();
    policy.effect[CHECK_BOOTSTRAP_ALIVE] = EFFECT_REFUSE;
    facts.cert_state = CERT_CURRENT;
    facts.not_before_s = NOW_S - 1000;
    facts.not_after_s = NOW_S + 1000;
    struct standing judged = standing(&facts, &policy, NOW_S);
    assert_true(standing_has(&judged, CHECK_BOOTSTRAP_ALIVE));
    assert_int_equal(judged.verdict, VERDICT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_policy_is_refused_by_name),
        cmocka_unit_test(bytes_that_no_writer_wrote_are_no_policy),
        cmocka_unit_test(what_was_written_reads_as_the_same),
        cmocka_unit_test(what_is_named_stands_above_what_is_below),
        cmocka_unit_test(the_words_say_what_changes),
        cmocka_unit_test(a_waiver_lapses_at_its_expiry_over_what_is_open),
        cmocka_unit_test(a_waiver_over_nothing_does_not_lapse),
        cmocka_unit_test(of_several_lapses_the_first_counts),
        cmocka_unit_test(a_waiver_changes_no_finding_and_no_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
