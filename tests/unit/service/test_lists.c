/* Revocation lists that are late, and what is on none: owed from its instant, and over in the
 * transaction that puts the list into its place. */
#include "fixture.h"

#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_list_that_is_late_is_owed_until_it_is_published(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    int64_t issued_s = f->now_s;
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    mark_lists(f);
    f->now_s += 59;
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
    f->now_s++;
    settle_due(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE).began_at_s, issued_s);
    put_list(f, &shard, f->now_s);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));

    f->now_s += DAY_S;
    int64_t ended_s = f->now_s;
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    mark_lists(f);
    f->now_s += 60;
    settle_due(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE).began_at_s, ended_s);
    put_list(f, &shard, f->now_s);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
}

static void a_list_past_half_its_window_is_owed(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    int64_t half_s = f->now_s + 7 * DAY_S / 2;
    put_list(f, &shard, f->now_s);
    change_issuers(f);
    f->now_s = half_s + 299;
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
    f->now_s++;
    settle_due(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE).began_at_s, half_s);
    put_list(f, &shard, f->now_s);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
}

/* Nobody judged the issuer between the two lists, as when a server was suspended. */
static void a_late_list_is_owed_although_another_one_replaces_it_at_once(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct finding last = {0};
    int64_t id = 0;
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    int64_t half_s = f->now_s + 7 * DAY_S / 2;
    put_list(f, &shard, f->now_s);
    f->now_s += 5 * DAY_S;
    put_list(f, &shard, f->now_s);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
    assert_ok(store_max_id(f->store, TABLE_FINDING, &id, &f->err));
    assert_ok(store_finding(f->store, id, &last, &f->err));
    assert_int_equal(last.check, CHECK_STATUS_STALE);
    assert_int_equal(last.began_at_s, half_s);
    assert_int_equal(last.recorded_at_s, f->now_s);
    assert_int_equal(last.closed_at_s, f->now_s);
    assert_int_equal(last.closed_by, CLOSING_EVIDENCE);
}

static void a_list_in_time_owes_nothing(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    int64_t before = 0, after = 0;
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    put_list(f, &shard, f->now_s);
    assert_ok(store_max_id(f->store, TABLE_FINDING, &before, &f->err));
    f->now_s += 3 * DAY_S;
    put_list(f, &shard, f->now_s);
    assert_ok(store_max_id(f->store, TABLE_FINDING, &after, &f->err));
    assert_int_equal(before, after);
}

/* A list that is marked while the one before is under way is owed from its own mark. */
static void what_ends_while_another_list_is_signed_is_owed_from_its_end(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    mark_lists(f);
    put_list(f, &shard, f->now_s);
    settle_due(f);
    f->now_s += DAY_S;
    int64_t ended_s = f->now_s;
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    mark_lists(f);
    f->now_s += 30;
    mark_lists(f);
    f->now_s += 30;
    settle_due(f);
    assert_int_equal(issuer_owed(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE).began_at_s, ended_s);
}

/* An act that was undone marked the list, and nobody made it: what ends later is owed all the same.
 */
static void what_is_marked_again_is_owed_too(void **state)
{
    struct fixture *f = *state;
    struct asker one = asker(1);
    struct msg_verb_answer answer = {0};
    struct got got = active_device(f, 1, &one);
    const struct shard shard = shard_of(f, got.serial);
    const struct msg_cert_revoke ask = {.serial = bytes_of(got.serial, 16), .reason = 1};
    put_list(f, &shard, f->now_s);
    settle_due(f);
    begin(f);
    assert_ok(verb_cert_revoke(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    roll_back(f);
    mark_lists(f);
    f->now_s += DAY_S;
    settle_due(f);
    assert_false(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
    assert_int_equal(set_device(f, 1, VERB_REVOKE), OK);
    mark_lists(f);
    f->now_s += 60;
    settle_due(f);
    assert_true(issuer_owes(f, PKI_ISSUER_LDEVID, CHECK_STATUS_STALE));
}

/* ---- TD-14 ------------------------------------------------------------------------------------
 */

/* Device n renewed, used the new certificate, and no list came for a minute. */
static struct shard replaced(struct fixture *f, unsigned n)
{
    struct asker old = asker(2 * n), new = asker(2 * n + 1);
    struct got first = active_device(f, n, &old);
    struct msg_enrol ask = ask_registered_tls(&old, &new);
    struct got next = enrol(f, &ask);
    expect_code(&next, E_NONE);
    use(f, next.serial);
    assert_int_equal(certificate_row(f, first.serial).state, CERT_SUPERSEDED);
    return shard_of(f, first.serial);
}

static void a_list_that_names_it_ends_it_at_once(void **state)
{
    struct fixture *f = *state;
    struct shard shard = replaced(f, 1);
    f->now_s += 60;
    settle_due(f);
    assert_true(has_finding(f, 1, CHECK_SUPERSEDED_ALIVE));
    struct shard other = shard;
    other.part++;
    put_list(f, &other, f->now_s);
    assert_true(has_finding(f, 1, CHECK_SUPERSEDED_ALIVE));
    put_list(f, &shard, f->now_s - 61); /* of before it ended */
    assert_true(has_finding(f, 1, CHECK_SUPERSEDED_ALIVE));
    put_list(f, &shard, f->now_s);
    assert_false(has_finding(f, 1, CHECK_SUPERSEDED_ALIVE));
}

#define MANY 260 /* more than one list lets go at once */

static unsigned owing(struct fixture *f)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= MANY; i++)
        n += has_finding(f, i, CHECK_SUPERSEDED_ALIVE);
    return n;
}

static void of_very_many_the_rest_ends_within_a_minute(void **state)
{
    struct fixture *f = *state;
    struct shard shard = {0};
    for (unsigned i = 1; i <= MANY; i++)
        shard = replaced(f, i);
    f->now_s += 60;
    settle_due(f);
    assert_int_equal(owing(f), MANY);
    put_list(f, &shard, f->now_s);
    assert_int_equal(owing(f), MANY - 256);
    f->now_s += 60;
    settle_due(f);
    assert_int_equal(owing(f), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_that_is_late_is_owed_until_it_is_published),
        TEST(a_list_past_half_its_window_is_owed),
        TEST(a_late_list_is_owed_although_another_one_replaces_it_at_once),
        TEST(a_list_in_time_owes_nothing),
        TEST(what_ends_while_another_list_is_signed_is_owed_from_its_end),
        TEST(what_is_marked_again_is_owed_too),
        TEST(a_list_that_names_it_ends_it_at_once),
        TEST(of_very_many_the_rest_ends_within_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
