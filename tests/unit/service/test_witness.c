/* What boundaries say that they saw, and how far they are believed. */
#include "acts.h"

#include <base/result.h>
#include <base/text.h>
#include <registry/about.h>
#include <service/verb.h>
#include <service/witness.h>
#include <store/sessions.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define A 1 /* two brokers of one service */
#define B 2
#define SERVICE "telemetry"

/* ---- boundaries, which an act would add ---- */

static void add_boundary(struct fixture *f, int64_t id)
{
    struct change change = change_of(TABLE_BOUNDARY, id);
    change_text(&change, COL_BOUNDARY_NAME, id == A ? bytes_text("a") : bytes_text("b"));
    change_int(&change, COL_BOUNDARY_STATE, 2);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
}

static int set_up(void **state)
{
    if (fixture_set_up(state) != 0)
        return 1;
    add_boundary(*state, A);
    add_boundary(*state, B);
    return 0;
}

/* ---- saying something ---- */

static struct watches said; /* whom others had to watch after the last word */

static void say_item(struct fixture *f, int64_t boundary, const struct boundary_report_item *item)
{
    int64_t lost = 0;
    const struct witness witness = {boundary, item, f->now_s * 1000};
    begin(f);
    assert_ok(witness_take(&f->service, &witness, f->now_s, &said, &lost, &f->err));
    commit(f);
}

static struct boundary_report_item item_of(struct fixture *f, enum boundary_report_kind kind,
                                           const struct got *got)
{
    return (struct boundary_report_item){
        .kind = kind,
        .issuer = (uint32_t)certificate_row(f, got->serial).issuer,
        .serial = bytes_of(got->serial, sizeof got->serial),
        .service = bytes_text(SERVICE),
        .count = 1,
    };
}

static void say(struct fixture *f, int64_t boundary, enum boundary_report_kind kind,
                const struct got *got)
{
    struct boundary_report_item item = item_of(f, kind, got);
    say_item(f, boundary, &item);
    f->now_s++;
}

static enum device_state state_of(struct fixture *f, unsigned n)
{
    return (enum device_state)device_row(f, n).state;
}

static bool is_raised_about(struct fixture *f, struct subject_key key, int check, int64_t *ret_id)
{
    struct about about = {0};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    const struct finding *open = about_finding(&about, check);
    if (open != NULL && ret_id != NULL)
        *ret_id = open->id;
    return open != NULL;
}

static bool is_raised(struct fixture *f, int check)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    return is_raised_about(f, whole, check, NULL);
}

/* The old certificate of a device that has a proven successor, long enough ago. */
static struct got replaced(struct fixture *f, unsigned n, struct got *ret_new)
{
    struct asker old = asker(2 * n + 1), new = asker(2 * n + 2);
    struct got first = active_device(f, n, &old);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    *ret_new = enrol(f, &ask);
    expect_code(ret_new, E_NONE);
    use(f, ret_new->serial);
    f->now_s += 120;
    return first;
}

/* ---- uses ---- */

static void an_admission_proves_the_certificate(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = enrolled_device(f, 1, &key);
    assert_int_equal(state_of(f, 1), STATE_ENROLLED);
    say(f, A, BOUNDARY_REPORT_ADMITTED, &got);
    assert_int_equal(state_of(f, 1), STATE_ACTIVE);
    assert_int_equal(certificate_row(f, got.serial).state, CERT_CURRENT);
}

static void a_replaced_certificate_at_a_boundary_is_a_fork(void **state)
{
    struct fixture *f = *state;
    struct got new, old = replaced(f, 1, &new);
    say(f, A, BOUNDARY_REPORT_REFUSED, &old);
    assert_true(has_finding(f, 1, CHECK_CLONE));
    assert_int_equal(state_of(f, 1), STATE_QUARANTINED);
}

static void a_replaced_certificate_just_after_its_end_is_none(void **state)
{
    struct fixture *f = *state;
    struct got new, old = replaced(f, 1, &new);
    f->now_s -= 100; /* 20 s after its successor was proven */
    say(f, A, BOUNDARY_REPORT_REFUSED, &old);
    assert_false(has_finding(f, 1, CHECK_CLONE));
}

/* A boundary that was cut off for an hour says what it saw before. */
static void say_of_an_hour_ago(struct fixture *f, enum boundary_report_kind kind,
                               const struct got *got)
{
    int64_t lost = 0, now_ms = f->now_s * 1000, by_its_clock_ms = now_ms + 7777;
    const struct boundary_report_item item = item_of(f, kind, got);
    const struct witness witness = {
        A, &item, witness_at_ms(now_ms, by_its_clock_ms, by_its_clock_ms - 3600000)};
    begin(f);
    assert_ok(witness_take(&f->service, &witness, f->now_s, &said, &lost, &f->err));
    commit(f);
}

static void an_instant_is_as_long_ago_as_the_boundary_says(void **state)
{
    (void)state;
    assert_int_equal(witness_at_ms(1000000, 500, 500), 1000000);
    assert_int_equal(witness_at_ms(1000000, 500, 499), 999999);
    assert_int_equal(witness_at_ms(1000000, 500, 501), 1000000); /* after its own report */
    assert_int_equal(witness_at_ms(1000000, 1000000, 1), 1);
    assert_int_equal(witness_at_ms(1000000, INT64_MAX, 0), 0);
    assert_int_equal(witness_at_ms(1000000, 0, INT64_MAX), 1000000);
}

static void what_was_seen_before_it_was_replaced_is_no_fork_however_late_it_is_told(void **state)
{
    struct fixture *f = *state;
    struct got new, old = replaced(f, 1, &new);
    f->now_s += 1200; /* replaced 22 minutes ago */
    say_of_an_hour_ago(f, BOUNDARY_REPORT_ADMITTED, &old);
    assert_false(has_finding(f, 1, CHECK_CLONE));
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    assert_int_equal(state_of(f, 1), STATE_ACTIVE);
    say(f, A, BOUNDARY_REPORT_ADMITTED, &old);
    assert_true(has_finding(f, 1, CHECK_CLONE));
}

static void what_was_seen_before_it_expired_is_no_late_use(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    f->now_s = certificate_row(f, got.serial).not_after_s + 60;
    say_of_an_hour_ago(f, BOUNDARY_REPORT_ADMITTED, &got);
    assert_false(has_finding(f, 1, CHECK_EXPIRED_IN_USE));
    say(f, A, BOUNDARY_REPORT_ADMITTED, &got);
    assert_true(has_finding(f, 1, CHECK_EXPIRED_IN_USE));
}

static void a_key_under_two_devices_is_owed_where_it_is_used(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), other = asker(2);
    struct got got = active_device(f, 1, &key), second = active_device(f, 2, &other);
    struct change change = change_of(TABLE_CERTIFICATE, certificate_row(f, second.serial).id);
    change_blob(&change, COL_CERTIFICATE_SPKI, bytes_of(key.hash, 32)); /* before we looked */
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
    say(f, A, BOUNDARY_REPORT_ADMITTED, &got);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(state_of(f, 1), STATE_QUARANTINED);
}

static void what_no_ledger_knows_is_raised(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    struct boundary_report_item item = item_of(f, BOUNDARY_REPORT_ADMITTED, &got);
    item.spki_hash = bytes_of(key.hash, 32);
    say_item(f, A, &item);
    assert_false(is_raised(f, CHECK_NOT_IN_INVENTORY));

    const struct asker other = asker(2);
    item.spki_hash = bytes_of(other.hash, 32); /* this serial number over another key */
    say_item(f, A, &item);
    assert_true(is_raised(f, CHECK_NOT_IN_INVENTORY));
}

static void a_serial_number_that_no_ledger_knows_is_raised(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key), other = got;
    other.serial[15] ^= 1;
    struct boundary_report_item item = item_of(f, BOUNDARY_REPORT_REFUSED, &got);
    item.serial = bytes_of(other.serial, sizeof other.serial);
    say_item(f, A, &item);
    assert_true(is_raised(f, CHECK_NOT_IN_INVENTORY));
    assert_int_equal(state_of(f, 1), STATE_ACTIVE);
}

static void a_forked_ledger_is_raised(void **state)
{
    struct fixture *f = *state;
    const struct boundary_report_item item = {.kind = BOUNDARY_REPORT_FORK};
    say_item(f, A, &item);
    assert_true(is_raised(f, CHECK_LEDGER_GAP));
}

/* ---- one identity at two boundaries ---- */

static void an_older_session_that_sends_is_a_clone(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(said.n, 0);
    say(f, B, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(said.n, 1); /* A is to say when the older one sends */
    assert_int_equal(said.watched[0].boundary, A);
    assert_memory_equal(said.watched[0].serial, got.serial, 16);
    assert_false(has_finding(f, 1, CHECK_CLONE));
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_true(has_finding(f, 1, CHECK_CLONE));
    assert_int_equal(state_of(f, 1), STATE_QUARANTINED);
}

/* Or whoever has a copy asks for a name that is not his, and is heard of no more. */
static void a_refused_question_ends_no_session(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    struct boundary_report_item item = item_of(f, BOUNDARY_REPORT_REFUSED, &got);
    item.reason = BOUNDARY_CLIENT_ID;
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    say_item(f, A, &item);
    f->now_s++;
    say(f, B, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(said.n, 1);
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_true(has_finding(f, 1, CHECK_CLONE));
}

static void who_roams_is_no_clone(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    say(f, B, BOUNDARY_REPORT_OPENED, &got); /* half open at A, which never hears more of it */
    say(f, B, BOUNDARY_REPORT_ACTIVE, &got);
    say(f, B, BOUNDARY_REPORT_CLOSED, &got);
    say(f, A, BOUNDARY_REPORT_OPENED, &got); /* back again, by a new session */
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_false(has_finding(f, 1, CHECK_CLONE));
}

static void a_broker_that_began_anew_has_no_sessions(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    const struct boundary_report_item began = {.kind = BOUNDARY_REPORT_STARTED};
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    say(f, B, BOUNDARY_REPORT_OPENED, &got);
    say_item(f, B, &began); /* it was killed: nobody closed that session */
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_false(has_finding(f, 1, CHECK_CLONE));
    say_item(f, A, &began);
    say(f, B, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(said.n, 0);
}

static void sessions_of_two_services_are_no_clone(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    struct boundary_report_item item = item_of(f, BOUNDARY_REPORT_OPENED, &got);
    item.service = bytes_text("commands");
    say_item(f, B, &item);
    assert_int_equal(said.n, 0);
    f->now_s++;
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_false(has_finding(f, 1, CHECK_CLONE));
}

static void takeovers_are_flagged_and_quarantine_by_policy_alone(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_TAKEOVERS, &got);
    assert_true(has_finding(f, 1, CHECK_CLONE));
    assert_int_equal(state_of(f, 1), STATE_ACTIVE);
    assert_int_equal(set_one_policy(f, "meter", "takeovers", "1"), OK);
    say(f, A, BOUNDARY_REPORT_TAKEOVERS, &got);
    assert_int_equal(state_of(f, 1), STATE_QUARANTINED);
}

static unsigned quarantined(struct fixture *f, unsigned n)
{
    unsigned count = 0;
    for (unsigned i = 1; i <= n; i++)
        count += state_of(f, i) == STATE_QUARANTINED;
    return count;
}

static enum result count_held(void *ctx, const struct finding *finding, struct err *err)
{
    (void)err;
    *(unsigned *)ctx += finding->kind == SUBJECT_BOUNDARY;
    return OK;
}

static enum result count_all(void *ctx, const struct finding *finding, struct err *err)
{
    (void)finding;
    (void)err;
    ++*(unsigned *)ctx;
    return OK;
}

static unsigned held(struct fixture *f)
{
    unsigned n = 0;
    assert_ok(store_held_findings(f->store, 20, count_held, &n, &f->err));
    return n;
}

/* Clones of so many devices, of a product each of whose hours has room for more. */
static void a_boundary_that_lies_stops_at_ten_and_asks(void **state)
{
    struct fixture *f = *state;
    struct got got[14];
    int64_t raised = 0;
    const struct subject_key liar = {SUBJECT_BOUNDARY, A};
    f->service.budgets = NULL;
    for (unsigned i = 1; i <= 14; i++) {
        struct asker key = asker(i);
        got[i - 1] = active_device(f, i, &key);
    }
    for (unsigned i = 1; i <= 14; i++) {
        say(f, A, BOUNDARY_REPORT_OPENED, &got[i - 1]);
        say(f, B, BOUNDARY_REPORT_OPENED, &got[i - 1]);
        say(f, A, BOUNDARY_REPORT_ACTIVE, &got[i - 1]);
    }
    assert_int_equal(quarantined(f, 14), 10);
    assert_true(has_finding(f, 14, CHECK_CLONE)); /* noted */
    assert_false(is_raised(f, CHECK_CLONE));
    assert_false(is_raised_about(f, (struct subject_key){SUBJECT_BOUNDARY, B}, CHECK_CLONE, NULL));
    assert_true(is_raised_about(f, liar, CHECK_CLONE, &raised));
    assert_int_equal(held(f), 1); /* a person is asked */

    struct msg_verb_answer answer = {0};
    struct msg_finding_close ask = {.finding = raised, .note = bytes_text("looked at A")};
    begin(f);
    assert_ok(verb_finding_close(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    assert_false(is_raised_about(f, liar, CHECK_CLONE, NULL));
    assert_int_equal(held(f), 0);
}

/* Of every check, about the installation and about a boundary: who lists what waits and who takes
 * the answer agree. */
static void what_a_person_must_answer_is_listed_for_him(void **state)
{
    struct fixture *f = *state;
    static const int kinds[] = {SUBJECT_INSTALLATION, SUBJECT_BOUNDARY};
    const struct check *check = NULL;
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        for (size_t k = 0; k < LENGTH_OF(kinds); k++) {
            unsigned n = 0;
            struct change row = change_of(TABLE_FINDING, (int64_t)(2 * i + k + 1));
            change_int(&row, COL_FINDING_CHECK, check->number);
            change_int(&row, COL_FINDING_BEGAN_AT, f->now_s);
            change_int(&row, COL_FINDING_RECORDED_AT, f->now_s);
            change_int(&row, COL_FINDING_KIND, kinds[k]);
            change_int(&row, COL_FINDING_SUBJECT, (int64_t)k);
            begin(f);
            assert_ok(store_apply(f->store, &row, &f->err));
            assert_ok(store_held_findings(f->store, 20, count_all, &n, &f->err));
            roll_back(f);
            if ((n == 1) != finding_waits_for_person((enum subject_kind)kinds[k], check->number))
                fail_msg("TD-%02d about %s", check->number,
                         subject_word((enum subject_kind)kinds[k]));
        }
}

/* ---- TD-15 ---- */

static void who_is_admitted_after_his_end_is_owed_until_he_is_cut(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(set_device(f, 1, VERB_QUARANTINE), OK);
    f->now_s += 2;
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got); /* on its way when it was cut */
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    f->now_s += 5;
    say(f, A, BOUNDARY_REPORT_ACTIVE, &got);
    assert_true(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    say(f, A, BOUNDARY_REPORT_CUT, &got);
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
}

static void who_is_admitted_without_a_session_is_owed_until_he_is_refused(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    f->now_s += 20;
    say(f, A, BOUNDARY_REPORT_ADMITTED, &got);
    assert_true(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    say(f, A, BOUNDARY_REPORT_REFUSED, &got);
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
}

static void a_session_that_nobody_cuts_is_owed(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    say(f, A, BOUNDARY_REPORT_OPENED, &got);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    f->now_s += 59;
    settle_due(f);
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    f->now_s += 1; /* boundary-silent */
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_REVOKED_IN_USE));
    say(f, A, BOUNDARY_REPORT_CLOSED, &got);
    assert_false(has_finding(f, 1, CHECK_REVOKED_IN_USE));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_admission_proves_the_certificate),
        CASE(a_replaced_certificate_at_a_boundary_is_a_fork),
        CASE(a_replaced_certificate_just_after_its_end_is_none),
        CASE(an_instant_is_as_long_ago_as_the_boundary_says),
        CASE(what_was_seen_before_it_was_replaced_is_no_fork_however_late_it_is_told),
        CASE(what_was_seen_before_it_expired_is_no_late_use),
        CASE(a_key_under_two_devices_is_owed_where_it_is_used),
        CASE(what_no_ledger_knows_is_raised),
        CASE(a_serial_number_that_no_ledger_knows_is_raised),
        CASE(a_forked_ledger_is_raised),
        CASE(an_older_session_that_sends_is_a_clone),
        CASE(a_refused_question_ends_no_session),
        CASE(who_roams_is_no_clone),
        CASE(a_broker_that_began_anew_has_no_sessions),
        CASE(sessions_of_two_services_are_no_clone),
        CASE(takeovers_are_flagged_and_quarantine_by_policy_alone),
        CASE(a_boundary_that_lies_stops_at_ten_and_asks),
        CASE(what_a_person_must_answer_is_listed_for_him),
        CASE(who_is_admitted_after_his_end_is_owed_until_he_is_cut),
        CASE(who_is_admitted_without_a_session_is_owed_until_he_is_refused),
        CASE(a_session_that_nobody_cuts_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
