/* Facts that the verbs and the clock produce, and the findings that follow them: opened, kept and
 * closed in the transaction that changed the facts. */
#include "fixture.h"

#include <registry/about.h>
#include <wire/spread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define USUAL (30 * DAY_S)
#define LIFE (90 * DAY_S)

static void settle(struct fixture *f, unsigned n)
{
    begin(f);
    assert_ok(finding_settle(&f->service, device_row(f, n).id, f->now_s, &f->err));
    commit(f);
}

static struct finding finding_of(struct fixture *f, unsigned n, int number)
{
    struct finding open[SUBJECT_OPEN_MAX], none = {0};
    size_t found = 0;
    assert_ok(store_open_findings(f->store, device_row(f, n).id, open, SUBJECT_OPEN_MAX, &found,
                                  &f->err));
    for (size_t i = 0; i < found; i++)
        if (open[i].check == number)
            return open[i];
    return none;
}

/* ---- TD-01: noted without possession ----------------------------------------------------------
 */

/* Device 2 asks for a certificate over the key of device 1, which is used by nobody just now. */
static void share(struct fixture *f, const struct asker *key)
{
    struct asker registered = asker(20);
    active_device(f, 1, key);
    import_device(f, 2, &registered, false);
    struct msg_enrol ask = ask_registered_tls(&registered, key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
}

static void a_shared_key_that_nobody_showed_stays_until_it_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), fresh = asker(3);
    share(f, &key);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
    assert_int_equal(device_row(f, 1).state, STATE_ACTIVE);
    for (int i = 0; i < 3; i++, f->now_s += DAY_S)
        settle(f, 1);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));

    struct certificate old = {0};
    size_t n = 0;
    assert_ok(store_live_certificates(f->store, device_row(f, 1).id, &old, 1, &n, &f->err));
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, old.serial, &key, &fresh);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED)); /* its registered key is that one still */
    use(f, got.serial);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));
}

static void a_shared_key_that_was_replaced_is_over(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(10), key = asker(1), fresh = asker(3), other = asker(20);
    import_device(f, 1, &registered, false);
    struct msg_enrol ask = ask_registered_tls(&registered, &key);
    struct got first = enrol(f, &ask);
    use(f, first.serial);
    import_device(f, 2, &other, false);
    ask = ask_registered_tls(&other, &key);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_KEY_SHARED);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED));

    f->now_s += 70 * DAY_S;
    ask = ask_renew(f, first.serial, &key, &fresh);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_true(has_finding(f, 1, CHECK_KEY_SHARED)); /* the old certificate is live still */
    use(f, got.serial);
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
}

static void a_tombstone_owes_no_shared_key(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    share(f, &key);
    assert_int_equal(set_device(f, 1, VERB_RETIRE), OK);
    assert_false(has_finding(f, 1, CHECK_KEY_SHARED));
}

/* ---- TD-36: nobody's ---------------------------------------------------------------------------
 */

static void who_enrols_again_owes_since_his_first_certificate(void **state)
{
    struct fixture *f = *state;
    struct asker registered = asker(1), first = asker(2), again = asker(3);
    int64_t began_s = f->now_s;
    struct msg_import_row line = import_line(1, &registered);
    line.owner = bytes_of(NULL, 0);
    (void)take_line(f, &line);
    struct msg_enrol ask = ask_registered_tls(&registered, &first);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    struct finding before = finding_of(f, 1, CHECK_NO_OWNER);
    assert_int_not_equal(before.id, 0);
    assert_int_equal(before.first, 0);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    assert_false(has_finding(f, 1, CHECK_NO_OWNER));

    f->now_s += DAY_S;
    ask = ask_registered_tls(&registered, &again);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    struct finding after = finding_of(f, 1, CHECK_NO_OWNER);
    assert_int_not_equal(after.id, before.id);
    assert_int_equal(after.first, before.id);
    assert_int_equal(after.began_at_s, began_s);
}

/* As of an upgrade, whose sweep is still to come. */
static void disown_unjudged(struct fixture *f, unsigned n)
{
    struct change change = change_of(TABLE_DEVICE, device_row(f, n).id);
    change_text(&change, COL_DEVICE_OWNER, bytes_of(NULL, 0));
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
}

static void who_was_never_judged_owes_since_his_first_certificate(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    int64_t began_s = f->now_s;
    struct got got = active_device(f, 1, &old);
    disown_unjudged(f, 1);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, got.serial, &old, &new);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_int_equal(finding_of(f, 1, CHECK_NO_OWNER).began_at_s, began_s);
}

/* ---- when time is looked at -------------------------------------------------------------------
 */

static int64_t next_instant(struct fixture *f, unsigned n)
{
    int64_t at_s = 0;
    const struct subject_key key = {SUBJECT_DEVICE, device_row(f, n).id};
    assert_ok(store_next_instant(f->store, key, &at_s, &f->err));
    return at_s;
}

static void what_is_issued_within_an_hour_is_looked_at_together_until_it_is_used(void **state)
{
    struct fixture *f = *state;
    struct asker first = asker(1), second = asker(2);
    struct got got = enrolled_device(f, 1, &first);
    int64_t together_s = next_instant(f, 1);
    f->now_s += 60;
    enrolled_device(f, 2, &second);
    assert_int_equal(next_instant(f, 2), together_s);
    assert_in_range(together_s - f->now_s, DAY_S, DAY_S + 3600);

    use(f, got.serial);
    assert_true(next_instant(f, 1) > START_S + USUAL);
    f->now_s = together_s; /* the second one was not used: it gets its own now */
    settle_due(f);
    assert_true(next_instant(f, 2) > START_S + USUAL);
}

/* ---- TD-07, 08, 10: what time opens -----------------------------------------------------------
 */

static void a_renewal_that_is_due_is_owed_until_it_began(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    struct certificate row = certificate_row(f, first.serial);
    int64_t renew_at_s =
        spread_renewal_s(bytes_of(row.serial, 16), row.not_before_s, row.not_after_s);
    f->now_s = renew_at_s + 3599;
    settle_due(f);
    assert_false(has_finding(f, 1, CHECK_RENEWAL_DUE));
    f->now_s++;
    settle_due(f);
    assert_int_equal(finding_of(f, 1, CHECK_RENEWAL_DUE).began_at_s, renew_at_s);
    assert_int_equal(finding_of(f, 1, CHECK_RENEWAL_DUE).severity, SEVERITY_LOW);

    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_false(has_finding(f, 1, CHECK_RENEWAL_DUE));
}

static void a_renewal_that_is_deferred_is_owed_until_it_began(void **state)
{
    struct fixture *f = *state;
    struct asker old = asker(1), new = asker(2);
    struct got first = active_device(f, 1, &old);
    struct certificate row = certificate_row(f, first.serial);
    int64_t due_s = row.not_before_s + (row.not_after_s - row.not_before_s) / 100 * 85;
    f->now_s = due_s - 1;
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_RENEWAL_DUE));
    assert_false(has_finding(f, 1, CHECK_RENEWAL_DEFERRED));
    f->now_s = due_s;
    settle_due(f);
    assert_false(has_finding(f, 1, CHECK_RENEWAL_DUE));
    struct finding deferred = finding_of(f, 1, CHECK_RENEWAL_DEFERRED);
    assert_int_equal(deferred.began_at_s, due_s);
    assert_int_equal(deferred.severity, SEVERITY_HIGH); /* 13 days left, heard each 30 */

    struct msg_enrol ask = ask_renew(f, first.serial, &old, &new);
    struct got got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    assert_false(has_finding(f, 1, CHECK_RENEWAL_DEFERRED));
}

static void a_key_that_is_kept_is_counted_over_its_renewals(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1), fresh = asker(2);
    struct got got = active_device(f, 1, &key);
    for (int i = 0; i < 4; i++) {
        assert_false(has_finding(f, 1, CHECK_TOO_OLD));
        f->now_s += 70 * DAY_S;
        struct msg_enrol ask = ask_renew(f, got.serial, &key, &key);
        got = enrol(f, &ask);
        expect_code(&got, E_NONE);
        use(f, got.serial);
    }
    assert_int_equal(finding_of(f, 1, CHECK_TOO_OLD).began_at_s, f->now_s);
    f->now_s += 70 * DAY_S;
    struct msg_enrol ask = ask_renew(f, got.serial, &key, &fresh);
    got = enrol(f, &ask);
    expect_code(&got, E_NONE);
    use(f, got.serial);
    assert_false(has_finding(f, 1, CHECK_TOO_OLD));
}

/* The instant of an old key is sooner than that of its newest certificate. */
static void a_key_is_too_old_before_its_certificate_is(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    int64_t began_s = f->now_s;
    struct got got = active_device(f, 1, &key);
    for (int i = 0; i < 2; i++) {
        f->now_s += 80 * DAY_S;
        struct msg_enrol ask = ask_renew(f, got.serial, &key, &key);
        got = enrol(f, &ask);
        expect_code(&got, E_NONE);
        use(f, got.serial);
    }
    f->now_s += 80 * DAY_S;
    struct msg_enrol ask = ask_renew(f, got.serial, &key, &key);
    struct got last = enrol(f, &ask);
    expect_code(&last, E_NONE);
    f->now_s = began_s + 365 * DAY_S;
    settle_due(f);
    assert_int_equal(finding_of(f, 1, CHECK_TOO_OLD).began_at_s, f->now_s);
}

/* ---- TD-35: who is heard ----------------------------------------------------------------------
 */

static void who_is_heard_is_silent_no_more(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    int64_t heard_s = f->now_s;
    f->now_s = heard_s + 3 * USUAL - 1;
    settle_due(f);
    assert_false(has_finding(f, 1, CHECK_SILENT));
    f->now_s++;
    settle_due(f);
    assert_int_equal(finding_of(f, 1, CHECK_SILENT).began_at_s, f->now_s);

    use(f, got.serial); /* in that very transaction */
    assert_false(has_finding(f, 1, CHECK_SILENT));
}

/* A contact that was not written down because one was just before it opens nothing early. */
static void who_is_heard_often_is_never_called_silent(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    int64_t seen_s = 0;
    struct got got = active_device(f, 1, &key);
    int64_t first_s = f->now_s;
    f->now_s += PROVE_SEEN_LEAST_S - 1;
    use(f, got.serial);
    assert_ok(store_seen(f->store, device_row(f, 1).id, &seen_s, &f->err));
    assert_int_equal(seen_s, first_s);
    f->now_s = first_s + PROVE_SEEN_EVERY_S;
    use(f, got.serial);
    assert_ok(store_seen(f->store, device_row(f, 1).id, &seen_s, &f->err));
    assert_int_equal(seen_s, f->now_s);
    f->now_s = first_s + 3 * USUAL; /* the instant that the first contact promised */
    settle_due(f);
    assert_false(has_finding(f, 1, CHECK_SILENT));
    f->now_s = first_s + PROVE_SEEN_EVERY_S + 3 * USUAL;
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_SILENT));
}

static void an_expired_certificate_is_a_contact_too(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    f->now_s += 3 * USUAL + 1;
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_SILENT));
    use(f, got.serial);
    assert_true(has_finding(f, 1, CHECK_EXPIRED_IN_USE));
    assert_false(has_finding(f, 1, CHECK_SILENT));
}

/* ---- TD-38: who shows it to the desk ----------------------------------------------------------
 */

static void show_to_desk(struct fixture *f, const uint8_t serial[16])
{
    struct certificate row = certificate_row(f, serial);
    struct msg_desk_sighting sighting = {
        .peer_issuer = (uint32_t)row.issuer,
        .peer_serial = bytes_of(serial, 16),
    };
    memcpy(sighting.peer_spki, row.spki, 32);
    begin(f);
    assert_ok(prove_by_person(&f->service, &sighting, f->now_s, &f->err));
    commit(f);
}

static void a_certificate_at_the_desk_is_owed_so_often_in_an_hour(void **state)
{
    struct fixture *f = *state;
    unsigned owed = 0;
    for (unsigned i = 0; i < 12; i++) {
        struct asker key = asker(i);
        struct got got = active_device(f, i, &key);
        show_to_desk(f, got.serial);
        show_to_desk(f, got.serial); /* once more costs nothing */
        owed += has_finding(f, i, CHECK_USED_BY_PERSON);
        assert_int_equal(device_row(f, i).state, STATE_ACTIVE);
    }
    assert_int_equal(owed, 10);
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    assert_false(has_finding(f, 1, CHECK_USED_BY_PERSON));
}

/* ---- a check that fails -----------------------------------------------------------------------
 */

/* A row that nobody could have written: its condition begins in a year. */
static void write_nonsense(struct fixture *f, int64_t began_s)
{
    static const uint8_t key[32] = {9};
    struct change bad = change_of(TABLE_DEVICE, device_row(f, 1).id);
    change_blob(&bad, COL_DEVICE_BAD_KEY, bytes_of(key, sizeof key));
    struct change row = change_of(TABLE_FINDING, 7);
    change_int(&row, COL_FINDING_CHECK, CHECK_CLONE);
    change_int(&row, COL_FINDING_DEVICE, device_row(f, 1).id);
    change_int(&row, COL_FINDING_BEGAN_AT, began_s);
    change_int(&row, COL_FINDING_RECORDED_AT, f->now_s);
    begin(f);
    assert_ok(store_apply(f->store, &bad, &f->err));
    assert_ok(store_apply(f->store, &row, &f->err));
    f->service.last_id[TABLE_FINDING] = 7;
    commit(f);
}

static struct about check_row(struct fixture *f, int number)
{
    struct about about = {.key = {SUBJECT_CHECK, number}};
    assert_ok(store_open_findings_about(f->store, about.key, about.open, ABOUT_OPEN_MAX,
                                        &about.open_n, &f->err));
    return about;
}

static void a_check_that_fails_is_a_finding_about_itself(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    active_device(f, 1, &key);
    write_nonsense(f, f->now_s + 365 * DAY_S);
    settle(f, 1);
    struct about about = check_row(f, CHECK_CLONE);
    assert_int_equal(about.open_n, 1);
    assert_int_equal(about.open[0].severity, SEVERITY_CRITICAL);
    assert_int_equal(about.open[0].began_at_s, f->now_s);
    assert_true(has_finding(f, 1, CHECK_CLONE)); /* what it said before still stands */

    int64_t before = entries(f);
    settle(f, 1); /* once */
    assert_int_equal(entries(f), before);
    assert_int_equal(check_row(f, CHECK_CLONE).open_n, 1);
    assert_int_equal(check_row(f, CHECK_KEY_SHARED).open_n, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_shared_key_that_nobody_showed_stays_until_it_is_given_up),
        STORY(a_shared_key_that_was_replaced_is_over),
        STORY(a_tombstone_owes_no_shared_key),
        STORY(who_enrols_again_owes_since_his_first_certificate),
        STORY(who_was_never_judged_owes_since_his_first_certificate),
        STORY(what_is_issued_within_an_hour_is_looked_at_together_until_it_is_used),
        STORY(a_renewal_that_is_due_is_owed_until_it_began),
        STORY(a_renewal_that_is_deferred_is_owed_until_it_began),
        STORY(a_key_that_is_kept_is_counted_over_its_renewals),
        STORY(a_key_is_too_old_before_its_certificate_is),
        STORY(who_is_heard_is_silent_no_more),
        STORY(who_is_heard_often_is_never_called_silent),
        STORY(an_expired_certificate_is_a_contact_too),
        STORY(a_certificate_at_the_desk_is_owed_so_often_in_an_hour),
        STORY(a_check_that_fails_is_a_finding_about_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
