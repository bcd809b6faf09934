/* A sweep judges what changed without an act of its own: after a policy, or with a newer catalogue.
 */
#include "fixture.h"

#include <registry/sweep.h>
#include <service/sweep.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define METER 1
#define OTHER 2
#define WEAK 6 /* TD-06 */

static void demand(struct fixture *f, enum proof proof)
{
    struct change change = change_of(TABLE_PRODUCT, METER);
    change_int(&change, COL_PRODUCT_LEAST_PROOF, proof);
    begin(f);
    assert_ok(store_apply(f->store, &change, &f->err));
    commit(f);
}

/* Devices 0 to n - 1, active by their registered keys, and a product that now wants more. */
static void demand_more(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct asker key = asker(i);
        active_device(f, i, &key);
    }
    demand(f, PROOF_HARDWARE);
}

static void sweep_begin(struct fixture *f, int64_t product)
{
    begin(f);
    assert_ok(finding_sweep_begin(&f->service, product, &f->err));
    commit(f);
}

static bool sweep_step(struct fixture *f, uint32_t limit)
{
    bool is_done = false;
    begin(f);
    assert_ok(finding_sweep_step(&f->service, limit, f->now_s, &is_done, &f->err));
    commit(f);
    return is_done;
}

static int sweep_all(struct fixture *f)
{
    int steps = 1;
    while (!sweep_step(f, 100))
        assert_true(++steps < 100);
    return steps;
}

static void nothing_is_judged_without_one(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 1);
    int64_t before = entries(f);
    assert_true(sweep_step(f, 100));
    assert_int_equal(f->service.sweep_ms, INT64_MAX);
    assert_int_equal(entries(f), before);
}

static void it_goes_on_after_a_restart_where_it_was(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 3);
    sweep_begin(f, 0);
    assert_false(sweep_step(f, 2));
    assert_true(has_finding(f, 0, WEAK) && has_finding(f, 1, WEAK));
    assert_false(has_finding(f, 2, WEAK));

    fixture_close(f);
    fixture_open(f);
    assert_int_equal(f->service.sweep_ms, 0);
    int64_t before = entries(f);
    assert_false(sweep_step(f, 2));
    assert_true(has_finding(f, 2, WEAK));
    assert_int_equal(entries(f), before + 1);
    sweep_all(f);
    assert_int_equal(entries(f), before + 1);
    assert_true(sweep_step(f, 2));
    assert_int_equal(f->service.sweep_ms, INT64_MAX);
}

static void one_of_a_product_leaves_the_others_alone(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 2);
    sweep_begin(f, OTHER);
    sweep_all(f);
    assert_false(has_finding(f, 0, WEAK) || has_finding(f, 1, WEAK));
    sweep_begin(f, METER);
    sweep_all(f);
    assert_true(has_finding(f, 0, WEAK) && has_finding(f, 1, WEAK));
}

static void a_second_one_begins_again_with_both(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 2);
    sweep_begin(f, METER);
    assert_false(sweep_step(f, 1));
    sweep_begin(f, OTHER);
    sweep_all(f);
    assert_true(has_finding(f, 1, WEAK));

    sweep_begin(f, OTHER);
    sweep_begin(f, METER);
    sweep_begin(f, METER);
    assert_false(sweep_step(f, 100));
    assert_int_not_equal(f->service.sweep_ms, INT64_MAX);
}

static void one_that_is_undone_with_its_act_judges_nothing(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 1);
    begin(f);
    assert_ok(finding_sweep_begin(&f->service, 0, &f->err));
    store_rollback(f->store);
    ledger_rolled_back(f->service.ledger);
    assert_true(sweep_step(f, 100));
    assert_false(has_finding(f, 0, WEAK));
}

/* Who asks again and again does not keep it from its end. */
static void one_that_is_asked_for_meanwhile_begins_when_it_is_done(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 4);
    begin(f);
    assert_ok(finding_sweep_begin(&f->service, 0, &f->err));
    commit(f);
    for (int i = 0; i < 100 && !has_finding(f, 3, WEAK); i++) {
        assert_false(sweep_step(f, 1));
        begin(f);
        assert_ok(finding_sweep_begin(&f->service, 0, &f->err));
        commit(f);
    }
    assert_true(has_finding(f, 3, WEAK));
    sweep_all(f);
    assert_true(sweep_step(f, 1));
}

/* Whom the one under way has passed already is judged by the next. */
static void what_changes_behind_it_is_judged_too(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 2);
    demand(f, PROOF_TOKEN);
    sweep_begin(f, METER);
    assert_false(sweep_step(f, 1));
    demand(f, PROOF_HARDWARE);
    sweep_begin(f, METER);
    sweep_all(f);
    assert_true(has_finding(f, 0, WEAK) && has_finding(f, 1, WEAK));
}

static void upgrade(struct fixture *f)
{
    begin(f);
    assert_ok(finding_sweep_upgrade(&f->service, &f->err));
    commit(f);
}

static void a_catalogue_that_is_newer_judges_everything_once(void **state)
{
    struct fixture *f = *state;
    demand_more(f, 1);
    upgrade(f); /* a database that no sweep ever went over */
    sweep_all(f);
    assert_true(has_finding(f, 0, WEAK));

    upgrade(f);
    assert_true(sweep_step(f, 100));
    begin(f);
    assert_ok(store_put_meta(f->store, "catalogue", CATALOGUE_VERSION - 1, &f->err));
    commit(f);
    upgrade(f);
    assert_false(sweep_step(f, 100));
}

static struct sweep_cursor cursor(struct fixture *f, int64_t *ret_left)
{
    struct sweep_cursor at = {0};
    assert_ok(sweep_read(f->store, &at, &f->err));
    assert_ok(sweep_left(f->store, &at, ret_left, &f->err));
    return at;
}

static void what_is_left_of_it_and_its_age_are_told(void **state)
{
    struct fixture *f = *state;
    int64_t all = 0, left = 0, of_product = 0, last_issuer = 0;
    demand_more(f, 3);
    assert_int_equal(cursor(f, &left).began_s, 0);
    assert_int_equal(left, 0);
    sweep_begin(f, 0);
    assert_int_equal(cursor(f, &all).began_s, 0);

    int64_t began_s = f->now_s;
    sweep_step(f, 2);
    f->now_s += 10;
    assert_int_equal(cursor(f, &left).began_s, began_s);
    assert_int_equal(left, all - 2);
    sweep_step(f, 2); /* the last device */
    assert_int_equal(cursor(f, &left).began_s, began_s);
    assert_int_equal(left, all - 3);
    sweep_all(f);
    assert_int_equal(cursor(f, &left).began_s, 0);
    assert_int_equal(left, 0);

    sweep_begin(f, METER);
    cursor(f, &of_product);
    assert_ok(store_max_id(f->store, TABLE_ISSUER, &last_issuer, &f->err));
    assert_int_equal(of_product, all - 1 - last_issuer); /* no installation, no issuers */
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(nothing_is_judged_without_one),
        STORY(it_goes_on_after_a_restart_where_it_was),
        STORY(one_of_a_product_leaves_the_others_alone),
        STORY(a_second_one_begins_again_with_both),
        STORY(one_that_is_undone_with_its_act_judges_nothing),
        STORY(one_that_is_asked_for_meanwhile_begins_when_it_is_done),
        STORY(what_changes_behind_it_is_judged_too),
        STORY(what_is_left_of_it_and_its_age_are_told),
        STORY(a_catalogue_that_is_newer_judges_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
