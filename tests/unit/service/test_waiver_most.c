/* How long a waiver may last: the strictest product in what it covers says so, when it is made and
 * whenever a policy becomes stricter. */
#include "fixture.h"

#include <base/text.h>
#include <registry/sweep.h>
#include <service/policy.h>
#include <service/sweep.h>
#include <service/verb.h>
#include <trust/policy_body.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define METER 1

static void assert_refused(struct fixture *f, enum result result, uint32_t code)
{
    assert_int_not_equal(result, OK);
    assert_int_equal(f->err.code, code);
    roll_back(f);
}

static uint32_t set_policy(struct fixture *f, const char *product, const char *word,
                           const char *value)
{
    uint8_t space[LIMIT_POLICY_BYTES];
    struct buf b = buf_over(space, sizeof space);
    struct policy_part part = {0};
    struct msg_verb_answer answer = {0};
    assert_ok(policy_name_setting(&part, text_bytes(word), text_bytes(value), &f->err));
    policy_body_write(&part, &b);
    const struct msg_policy_set ask = {.product = text_bytes(product), .policy = buf_bytes(&b)};
    begin(f);
    assert_ok(verb_policy_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err));
    commit(f);
    return answer.changed;
}

/* Of the fleet, for so many days. */
static struct msg_waiver_add of_fleet(const struct fixture *f, int check, int64_t days)
{
    return (struct msg_waiver_add){
        .check = (uint8_t)check,
        .fleet = 1,
        .answers = bytes_text("acme"),
        .reason = bytes_text("until spring"),
        .expires_s = f->now_s + days * DAY_S,
    };
}

static struct msg_waiver_add of_owner(const struct fixture *f, const char *owner, int64_t days)
{
    struct msg_waiver_add ask = of_fleet(f, CHECK_TOO_LONG, days);
    ask.fleet = 0;
    ask.of_owner = text_bytes(owner);
    return ask;
}

static enum result try(struct fixture *f, const struct msg_waiver_add *ask)
{
    struct msg_verb_answer answer = {0};
    begin(f);
    return verb_waiver_add(&f->service, &f->admin, ask, f->now_s, &answer, &f->err);
}

static struct waiver add(struct fixture *f, struct msg_waiver_add ask)
{
    struct waiver row = {0};
    assert_ok(try(f, &ask));
    commit(f);
    assert_ok(store_waiver(f->store, f->service.last_id[TABLE_WAIVER], &row, &f->err));
    return row;
}

static struct waiver again(struct fixture *f, const struct waiver *row)
{
    struct waiver now = {0};
    assert_ok(store_waiver(f->store, row->id, &now, &f->err));
    return now;
}

static void sweep(struct fixture *f)
{
    bool is_done = false;
    while (!is_done) {
        begin(f);
        assert_ok(finding_sweep_step(&f->service, 100, f->now_s, &is_done, &f->err));
        commit(f);
    }
}

/* Device 0 of acme's, whose certificate is valid for too long; acme has nothing else. */
static void set_up(struct fixture *f)
{
    struct asker key = asker(0);
    active_device(f, 0, &key);
    set_policy(f, "", "max-validity", "30d");
    sweep(f);
    assert_true(has_finding(f, 0, CHECK_TOO_LONG));
}

static void the_strictest_product_binds_what_covers_it(void **state)
{
    struct fixture *f = *state;
    set_up(f);
    set_policy(f, "meter", "waiver-most", "5d");
    struct msg_waiver_add wide = of_fleet(f, CHECK_TOO_LONG, 6), his = of_owner(f, "acme", 6);
    assert_refused(f, try(f, &wide), E_WAIVER_LONG);
    assert_non_null(strstr(f->err.text, "wanted at most 5, as the policy of product meter says"));
    assert_refused(f, try(f, &his), E_WAIVER_LONG);
    add(f, of_fleet(f, CHECK_TOO_LONG, 5));
    add(f, of_owner(f, "acme", 5));
    add(f, of_owner(f, "umbra", 6));               /* has no meter */
    add(f, of_fleet(f, CHECK_BACKUP_UNTESTED, 6)); /* is about no device */
}

static void the_fleets_binds_too_where_a_product_is_laxer(void **state)
{
    struct fixture *f = *state;
    set_up(f);
    set_policy(f, "meter", "waiver-most", "9d");
    set_policy(f, "", "waiver-most", "5d");
    struct msg_waiver_add wide = of_fleet(f, CHECK_TOO_LONG, 6);
    assert_refused(f, try(f, &wide), E_WAIVER_LONG);
    assert_non_null(strstr(f->err.text, "the policy of the fleet says"));
    wide.fleet = 0;
    wide.product = bytes_text("meter"); /* a product's own is nearer */
    add(f, wide);
}

static void a_stricter_policy_lets_it_end_sooner(void **state)
{
    struct fixture *f = *state;
    set_up(f);
    int64_t began_s = f->now_s;
    struct waiver wide = add(f, of_fleet(f, CHECK_TOO_LONG, 20));
    struct waiver short_one = add(f, of_owner(f, "acme", 3));
    struct waiver anothers = add(f, of_owner(f, "umbra", 20));
    struct waiver whole = add(f, of_fleet(f, CHECK_BACKUP_UNTESTED, 20));
    sweep(f);
    f->now_s += 2 * DAY_S;
    int64_t before = entries(f);
    assert_int_equal(set_policy(f, "meter", "waiver-most", "5d"), 1);
    assert_int_equal(entries(f), before + 2);
    assert_int_equal(again(f, &wide).expires_s, began_s + 5 * DAY_S);
    assert_int_equal(again(f, &wide).state, WAIVER_STANDS);
    assert_int_equal(again(f, &short_one).expires_s, short_one.expires_s);
    assert_int_equal(again(f, &anothers).expires_s, anothers.expires_s);
    assert_int_equal(again(f, &whole).expires_s, whole.expires_s);
    struct sweep_cursor cursor = {0};
    assert_ok(sweep_read(f->store, &cursor, &f->err));
    assert_true(cursor.kind != 0 && cursor.product == 0); /* it covers more than this product */

    sweep(f);
    uint32_t n = 0;
    f->now_s = began_s + 5 * DAY_S; /* an instant like any other end */
    begin(f);
    assert_ok(finding_settle_due(&f->service, f->now_s, 256, &n, &f->err));
    commit(f);
    assert_true(has_finding(f, 0, CHECK_WAIVER_LAPSED));
}

static void what_had_its_time_already_ends_now(void **state)
{
    struct fixture *f = *state;
    set_up(f);
    struct msg_waiver_add ask = of_fleet(f, CHECK_TOO_LONG, 20);
    ask.fleet = 0;
    ask.product = bytes_text("meter");
    struct waiver row = add(f, ask);
    f->now_s += 5 * DAY_S;
    assert_int_equal(set_policy(f, "meter", "waiver-most", "5d"), 1);
    row = again(f, &row);
    assert_int_equal(row.state, WAIVER_ENDED);
    assert_int_equal(row.ended_s, f->now_s);
    assert_int_equal(row.ended_by, f->admin.row.id);
    assert_int_equal(row.expires_s, row.created_s + 20 * DAY_S);
    sweep(f);
    assert_false(has_finding(f, 0, CHECK_WAIVER_LAPSED));
    assert_int_equal(set_policy(f, "meter", "waiver-most", "4d"), 0); /* it ended once */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_strictest_product_binds_what_covers_it),
        TEST(the_fleets_binds_too_where_a_product_is_laxer),
        TEST(a_stricter_policy_lets_it_end_sooner),
        TEST(what_had_its_time_already_ends_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
