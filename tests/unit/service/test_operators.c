/* Renewing and ending operators, where one thing happens while another is under way. */
#include "fixture.h"

#include <base/text.h>
#include <service/approval.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct operator_is added(struct fixture *f, unsigned n, const char *name)
{
    struct asker key = asker(n);
    struct msg_operator_add ask = {
        .name = text_bytes(name), .role = ROLE_OPERATOR, .spki = bytes_of(key.spki, key.spki_n)};
    struct operator_is who = {0};
    bool is_live = false;
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    begin(f);
    assert_ok(enrol_operator(&f->service, &f->admin, &ask, f->now_s, &f->job, &f->err));
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_text("certificate"), f->now_s, &is_live, &f->err));
    commit(f);
    assert_true(is_live);
    assert_ok(verb_operator(&f->service, key.hash, &who, &f->err));
    return who;
}

static enum result ask_renewal(struct fixture *f, const struct operator_is *who, unsigned n)
{
    struct asker key = asker(n);
    struct msg_operator_renew ask = {.spki = bytes_of(key.spki, key.spki_n)};
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    return enrol_operator_renew(&f->service, who, &ask, f->now_s, &f->job, &f->err);
}

static bool commit_renewal(struct fixture *f)
{
    bool is_live = false;
    begin(f);
    assert_ok(
        enrol_commit(&f->service, &f->job, bytes_text("renewed"), f->now_s, &is_live, &f->err));
    commit(f);
    return is_live;
}

static enum result remove_operator(struct fixture *f, int64_t id)
{
    struct msg_operator_remove ask = {.operator_id = id};
    struct msg_verb_answer answer = {0};
    begin(f);
    enum result result =
        verb_operator_remove(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
    commit(f);
    return result;
}

static bool is_known(struct fixture *f, unsigned n)
{
    struct operator_is who = {0};
    return verb_operator(&f->service, asker(n).hash, &who, &f->err) == OK;
}

static void whoever_is_removed_while_the_signer_works_is_not_renewed(void **state)
{
    struct fixture *f = *state;
    (void)added(f, 1, "ann"); /* row 1 is the admin's, as the fixture has it */
    struct operator_is bob = added(f, 2, "bob");
    assert_ok(ask_renewal(f, &bob, 3));
    struct enrolment under_way = f->job;
    assert_ok(remove_operator(f, bob.row.id));
    f->job = under_way;
    assert_false(commit_renewal(f));
    assert_false(is_known(f, 3));
}

static void whoever_is_removed_loses_all_his_keys(void **state)
{
    struct fixture *f = *state;
    (void)added(f, 1, "ann");
    struct operator_is bob = added(f, 2, "bob");
    assert_ok(ask_renewal(f, &bob, 3));
    assert_true(commit_renewal(f));
    assert_true(is_known(f, 2) && is_known(f, 3));
    assert_ok(remove_operator(f, bob.row.id));
    assert_false(is_known(f, 2) || is_known(f, 3));
}

static void a_key_of_another_renews_nobody(void **state)
{
    struct fixture *f = *state;
    struct operator_is ann = added(f, 1, "ann");
    (void)added(f, 2, "bob");
    assert_int_equal(ask_renewal(f, &ann, 2), R_REFUSED);
    assert_int_equal(f->err.code, E_KEY_SHARED);
}

static void the_local_socket_renews_nobody(void **state)
{
    struct fixture *f = *state;
    struct operator_is local = {.actor = {ACTOR_LOCAL, 0}};
    assert_int_not_equal(ask_renewal(f, &local, 2), OK);
    assert_int_equal(f->err.code, E_OPERATOR);
}

static void an_approver_is_neither_removed_nor_given_a_key_by_one(void **state)
{
    struct fixture *f = *state;
    (void)added(f, 1, "ann");
    struct operator_is bob = added(f, 2, "bob");
    begin(f);
    struct act *act = service_act(&f->service, EVENT_LOG_BEGAN, f->now_s, f->admin.actor, 0);
    change_int(act_change(act, TABLE_OPERATOR, bob.row.id), COL_OPERATOR_APPROVER, 1);
    assert_ok(service_record(&f->service, NULL, &f->err));
    commit(f);
    bob.row.is_approver = true;
    assert_int_equal(remove_operator(f, bob.row.id), R_REFUSED);
    assert_int_equal(f->err.code, E_APPROVAL);
    assert_int_equal(ask_renewal(f, &bob, 3), R_REFUSED);
    assert_int_equal(f->err.code, E_APPROVAL);
    assert_ok(ask_renewal(f, &bob, 2)); /* the key that he has */
    assert_true(commit_renewal(f));
    assert_true(is_known(f, 2));
}

/* What a rehearsal does beside rows nobody undoes. */
static void rehearsing_to_accept_the_clock_accepts_nothing(void **state)
{
    struct fixture *f = *state;
    static struct watch watch;
    struct msg_clock_accept ask = {0};
    struct msg_verb_answer answer = {0};
    begin(f);
    clock_guard_set(&f->service.clock, f->now_s, 0, 0);
    clock_guard_look(&f->service.clock, f->now_s + 30 * CLOCK_JUMP_S, 1, 0);
    assert_int_equal(clock_guard_check(&f->service.clock, NULL), R_REFUSED);
    approval_watch_begin(&f->service, &watch);
    assert_ok(verb_clock_accept(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    approval_watch_end(&f->service);
    commit(f);
    assert_int_equal(clock_guard_check(&f->service.clock, NULL), R_REFUSED);
}

int main(void)
{
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(whoever_is_removed_while_the_signer_works_is_not_renewed),
        WITH_SERVICE(whoever_is_removed_loses_all_his_keys),
        WITH_SERVICE(a_key_of_another_renews_nobody),
        WITH_SERVICE(the_local_socket_renews_nobody),
        WITH_SERVICE(rehearsing_to_accept_the_clock_accepts_nothing),
        WITH_SERVICE(an_approver_is_neither_removed_nor_given_a_key_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
