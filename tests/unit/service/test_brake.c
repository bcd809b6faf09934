/* What happens by itself has an end in each hour, and a person is asked (design 3 and 5). */
#include "fixture.h"

#include <registry/about.h>
#include <registry/measure.h>
#include <service/brake.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define METER 1 /* row of the product */

static bool is_raised(struct fixture *f, int64_t product, int check, struct finding *ret)
{
    struct about about = {0};
    const struct subject_key key = {product != 0 ? SUBJECT_PRODUCT : SUBJECT_INSTALLATION, product};
    assert_int_equal(about_read(f->store, key, f->now_s, &about, &f->err), OK);
    const struct finding *open = about_finding(&about, check);
    if (open != NULL)
        *ret = *open;
    return open != NULL;
}

static enum result close_finding(struct fixture *f, const struct operator_is *who, int64_t number)
{
    struct msg_verb_answer answer = {0};
    struct msg_finding_close ask = {.finding = number, .note = bytes_text("a factory test")};
    begin(f);
    enum result result = verb_finding_close(&f->service, who, &ask, f->now_s, &answer, &f->err);
    commit(f);
    return result;
}

static enum result set_claims(struct fixture *f, int64_t claims)
{
    struct msg_verb_answer answer = {0};
    struct msg_product_set ask = {
        .product = bytes_text("meter"), .grace_s = -1, .claims_an_hour = claims};
    begin(f);
    enum result result = verb_product_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    commit(f);
    return result;
}

/* Reports clones of devices from..to - 1 of 0 to 19, active before. */
static void report_clones(struct fixture *f, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        struct asker key = asker(i);
        begin(f);
        const struct evidence fork = {.check = CHECK_CLONE, .key = key.hash};
        assert_ok(finding_report(&f->service, device_row(f, i).id, &fork, f->now_s, &f->err));
        commit(f);
    }
}

static void make_active(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct asker key = asker(i);
        active_device(f, i, &key);
    }
}

static void a_finding_about_a_device_closes_on_evidence_alone(void **state)
{
    struct fixture *f = *state;
    make_active(f, 1);
    report_clones(f, 0, 1);
    int64_t before = entries(f);
    assert_int_equal(close_finding(f, &f->admin, 1), R_CONFLICT);
    assert_non_null(strstr(f->err.text, "is about a device"));
    assert_int_equal(close_finding(f, &f->admin, 2), R_NOT_FOUND);
    assert_true(has_finding(f, 0, 2));
    assert_int_equal(entries(f), before);
}

/* What somebody without proof said first keeps nobody from the gate; while a brake waits for a
 * person's answer, repeating it asks nobody again. */
static void what_was_only_noted_quarantines_once_it_is_proven(void **state)
{
    struct fixture *f = *state;
    struct finding finding = {0};
    struct asker key = asker(0);
    const struct evidence fork = {.check = CHECK_CLONE, .key = key.hash};
    make_active(f, 12);
    begin(f);
    assert_ok(finding_note(&f->service, device_row(f, 0).id, &fork, f->now_s, &f->err));
    commit(f);
    assert_true(has_finding(f, 0, CHECK_CLONE));
    assert_int_equal(device_row(f, 0).state, STATE_ACTIVE);
    report_clones(f, 0, 1);
    assert_int_equal(device_row(f, 0).state, STATE_QUARANTINED);

    report_clones(f, 1, 11);
    assert_true(is_raised(f, METER, CHECK_CLONE, &finding));
    assert_int_equal(device_row(f, 10).state, STATE_ACTIVE);
    int64_t before = entries(f);
    report_clones(f, 10, 11);
    assert_int_equal(entries(f), before);
}

/* As core does at a start. */
static void start_with_sandbox(struct fixture *f, int64_t refused_since_s)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    begin(f);
    assert_ok(store_put_meta(f->store, MEASURE_META_SANDBOX, refused_since_s, &f->err));
    assert_ok(store_put_meta(f->store, MEASURE_META_CUSTODY, CUSTODY_FILE, &f->err));
    assert_ok(finding_settle_about(&f->service, whole, f->now_s, &f->err));
    commit(f);
}

static void a_finding_about_the_installation_closes_on_evidence_alone(void **state)
{
    struct fixture *f = *state;
    struct finding finding = {0};
    start_with_sandbox(f, f->now_s - 5);
    assert_true(is_raised(f, 0, CHECK_KEY_CUSTODY, &finding));
    assert_int_equal(finding.began_at_s, f->now_s - 5);
    assert_int_equal(close_finding(f, &f->admin, finding.id), R_CONFLICT);
    f->now_s += 9;
    start_with_sandbox(f, 0);
    assert_false(is_raised(f, 0, CHECK_KEY_CUSTODY, &finding));
    assert_ok(store_finding(f->store, finding.id, &finding, &f->err));
    assert_int_equal(finding.closed_at_s, f->now_s);
    assert_int_equal(finding.closed_by, CLOSING_EVIDENCE);
}

static void only_an_admin_of_the_whole_fleet_answers(void **state)
{
    struct fixture *f = *state;
    struct finding finding = {0};
    make_active(f, 11);
    report_clones(f, 0, 11);
    assert_true(is_raised(f, METER, 2, &finding));
    struct operator_is other = f->admin;
    other.row.role = ROLE_OPERATOR;
    assert_int_equal(close_finding(f, &other, finding.id), R_UNAUTHORISED);
    other = f->admin;
    strcpy(other.row.scope, "acme");
    assert_int_equal(close_finding(f, &other, finding.id), R_UNAUTHORISED);
    assert_true(is_raised(f, METER, 2, &finding));
}

static void a_brake_that_holds_asks_one_person_once(void **state)
{
    struct fixture *f = *state;
    struct finding first = {0}, second = {0};
    make_active(f, 20);
    report_clones(f, 0, 10);
    assert_false(is_raised(f, METER, 2, &first));
    report_clones(f, 10, 11);
    assert_true(is_raised(f, METER, 2, &first));
    assert_int_equal(first.kind, SUBJECT_PRODUCT);
    assert_int_equal(first.severity, SEVERITY_CRITICAL);
    assert_int_equal(first.recorded_at_s, f->now_s);
    report_clones(f, 11, 14);
    assert_true(is_raised(f, METER, 2, &second));
    assert_int_equal(second.id, first.id);

    assert_int_equal(close_finding(f, &f->admin, first.id), OK);
    assert_false(is_raised(f, METER, 2, &second));
    assert_int_equal(close_finding(f, &f->admin, first.id), R_CONFLICT);
    report_clones(f, 14, 15);
    assert_true(is_raised(f, METER, 2, &second));
    assert_int_not_equal(second.id, first.id);
}

/* The brake stops: the next hour frees nothing, a person does. */
static void a_brake_that_holds_does_so_until_a_person_answered(void **state)
{
    struct fixture *f = *state;
    struct finding asked = {0};
    make_active(f, 20);
    report_clones(f, 0, 11);
    assert_true(is_raised(f, METER, CHECK_CLONE, &asked));
    assert_int_equal(device_row(f, 10).state, STATE_ACTIVE);
    f->now_s += 3600;
    report_clones(f, 11, 12);
    assert_true(has_finding(f, 11, CHECK_CLONE));
    assert_int_equal(device_row(f, 11).state, STATE_ACTIVE);
    assert_ok(close_finding(f, &f->admin, asked.id));
    report_clones(f, 12, 13);
    assert_int_equal(device_row(f, 12).state, STATE_QUARANTINED);
}

static void early_renewals_beyond_their_budget_ask_a_person(void **state)
{
    struct fixture *f = *state;
    struct finding finding = {0};
    struct got got = {0};
    f->now_s += 1800 - f->now_s % 3600;
    for (unsigned i = 0; i < 11; i++) {
        struct asker old = asker(2 * i), new = asker(2 * i + 1);
        struct got first = active_device(f, i, &old);
        assert_false(is_raised(f, METER, CHECK_OUTSIDE_PROFILE, &finding));
        struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
        got = enrol(f, &ask);
    }
    expect_code(&got, E_BUDGET);
    assert_in_range(f->job.retry_after_s, 1800, 1800 + 599); /* in the next hour */
    assert_true(is_raised(f, METER, CHECK_OUTSIDE_PROFILE, &finding));
}

static struct got claim(struct fixture *f, unsigned n)
{
    struct asker registered = asker(1000 + n), key = asker(2000 + n);
    struct msg_enrol ask = ask_registered_tls(&registered, &key);
    return enrol(f, &ask);
}

static void enrolments_on_a_fronts_word_have_a_budget(void **state)
{
    struct fixture *f = *state;
    struct finding finding = {0};
    struct got got = {0};
    assert_int_equal(set_claims(f, 3), OK);
    for (unsigned i = 0; i < 6; i++) {
        struct asker registered = asker(1000 + i);
        import_device(f, i, &registered, false);
    }
    for (unsigned i = 0; i < 3; i++) {
        got = claim(f, i);
        expect_code(&got, E_NONE);
    }
    got = claim(f, 0); /* repeats its answer: no further one */
    assert_true(got.repeated);
    assert_false(is_raised(f, METER, CHECK_OUTSIDE_PROFILE, &finding));
    got = claim(f, 3);
    expect_code(&got, E_BUDGET);
    assert_int_equal(device_row(f, 3).state, STATE_EXPECTED);
    assert_true(is_raised(f, METER, CHECK_OUTSIDE_PROFILE, &finding));

    fixture_close(f); /* a restart does not give the budget back */
    fixture_open(f);
    got = claim(f, 3);
    expect_code(&got, E_BUDGET);
    f->now_s += 3600;
    got = claim(f, 3);
    expect_code(&got, E_NONE);
}

static void who_is_told_to_wait_for_the_next_hour_has_his_own_instant_in_it(void **state)
{
    struct fixture *f = *state;
    uint32_t first_s = 0;
    bool differs = false;
    assert_int_equal(set_claims(f, 1), OK);
    for (unsigned i = 0; i < 6; i++) {
        struct asker registered = asker(1000 + i);
        import_device(f, i, &registered, false);
        struct got got = claim(f, i);
        expect_code(&got, i == 0 ? E_NONE : E_BUDGET);
        if (i == 0)
            continue;
        uint32_t left_s = (uint32_t)(3600 - f->now_s % 3600);
        assert_in_range(f->job.retry_after_s, left_s, left_s + 599);
        first_s = i == 1 ? f->job.retry_after_s : first_s;
        differs = differs || f->job.retry_after_s != first_s;
    }
    assert_true(differs);
}

static void a_person_who_allows_more_allows_it_in_this_hour(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_claims(f, 1), OK);
    for (unsigned i = 0; i < 3; i++) {
        struct asker registered = asker(1000 + i);
        import_device(f, i, &registered, false);
    }
    struct got got = claim(f, 0);
    expect_code(&got, E_NONE);
    got = claim(f, 1);
    expect_code(&got, E_BUDGET);
    assert_int_equal(set_claims(f, 2), OK);
    got = claim(f, 1);
    expect_code(&got, E_NONE);
    got = claim(f, 2);
    expect_code(&got, E_BUDGET);
}

/* How many of a budget of a thousand are still there. */
static int take_all(struct fixture *f, int most)
{
    const struct brake brake = {"thousand", 1000, INT64_MAX};
    int taken = 0;
    bool is_free = true;
    begin(f);
    while (taken < most && is_free) {
        assert_ok(brake_count(&f->service, &brake, METER, f->now_s, &is_free, &f->err));
        taken += is_free;
    }
    commit(f);
    return taken;
}

static void a_budget_in_thousands_is_exact_and_a_restart_gives_nothing_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(take_all(f, 5000), 1000);
    f->now_s += 3600;
    assert_int_equal(take_all(f, 500), 500);
    fixture_close(f);
    fixture_open(f);
    assert_in_range(take_all(f, 5000), 500 - 1000 / 64, 500);
}

static void what_is_undone_with_its_turn_costs_no_more_than_a_portion(void **state)
{
    struct fixture *f = *state;
    const struct brake brake = {"thousand", 1000, INT64_MAX};
    bool is_free = false;
    begin(f);
    assert_ok(brake_count(&f->service, &brake, METER, f->now_s, &is_free, &f->err));
    store_rollback(f->store);
    ledger_rolled_back(f->service.ledger);
    assert_int_equal(take_all(f, 900), 900);
    fixture_close(f);
    fixture_open(f);
    assert_in_range(take_all(f, 5000), 99 - 1000 / 64, 100 + 1000 / 64);
}

static void what_the_signer_checks_itself_needs_no_budget(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set_claims(f, 1), OK);
    for (unsigned i = 0; i < 4; i++) {
        struct asker registered = asker(1000 + i);
        import_device(f, i, &registered, false);
        struct msg_enrol ask =
            i % 2 == 0 ? ask_csr(&registered) : ask_registered_tls(&registered, &registered);
        struct got got = enrol(f, &ask);
        expect_code(&got, E_NONE);
    }
}

static void a_budget_of_claims_is_a_number_or_the_default(void **state)
{
    struct fixture *f = *state;
    const struct product plain = {0}, own = {.claims_an_hour = 7};
    assert_int_equal(set_claims(f, LIMIT_CLAIMS_AN_HOUR + 1), R_INVALID);
    assert_int_equal(brake_claims(&plain).least, 1000);
    assert_int_equal(brake_claims(&plain).one_in, 100);
    assert_int_equal(brake_claims(&own).least, 7);
    assert_int_equal(INT64_C(1000000000) / brake_claims(&own).one_in, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_finding_about_a_device_closes_on_evidence_alone),
        STORY(what_was_only_noted_quarantines_once_it_is_proven),
        STORY(a_finding_about_the_installation_closes_on_evidence_alone),
        STORY(only_an_admin_of_the_whole_fleet_answers),
        STORY(a_brake_that_holds_asks_one_person_once),
        STORY(a_brake_that_holds_does_so_until_a_person_answered),
        STORY(early_renewals_beyond_their_budget_ask_a_person),
        STORY(enrolments_on_a_fronts_word_have_a_budget),
        STORY(who_is_told_to_wait_for_the_next_hour_has_his_own_instant_in_it),
        STORY(a_person_who_allows_more_allows_it_in_this_hour),
        STORY(a_budget_in_thousands_is_exact_and_a_restart_gives_nothing_back),
        STORY(what_is_undone_with_its_turn_costs_no_more_than_a_portion),
        STORY(what_the_signer_checks_itself_needs_no_budget),
        STORY(a_budget_of_claims_is_a_number_or_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
