/* Rehearsals over a real store: who depends, who is refused, who knows another door. */
#include "fixture.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAYS(n) (INT64_C(86400) * (n))

static const struct msg_question of_issuer = {.kind = QUESTION_REHEARSE_ISSUER, .number = 3};

static struct msg_question of_product(const char *name)
{
    return (struct msg_question){.kind = QUESTION_REHEARSE_PRODUCT, .product = text_bytes(name)};
}

static void set_int(struct fixture *f, enum table table, int64_t id, enum column column,
                    int64_t value)
{
    struct change c = change_of(table, id);
    change_int(&c, column, value);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

static void register_key(struct fixture *f, int64_t device)
{
    uint8_t spki[32] = {(uint8_t)device};
    struct change c = change_of(TABLE_DEVICE, device);
    change_blob(&c, COL_DEVICE_REGISTERED, bytes_of(spki, sizeof spki));
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

static void add_anchor(struct fixture *f, int64_t id, int64_t product)
{
    uint8_t spki[32] = {(uint8_t)id};
    struct change c = change_of(TABLE_ANCHOR, id);
    change_int(&c, COL_ANCHOR_PRODUCT, product);
    change_blob(&c, COL_ANCHOR_CERTIFICATE, bytes_text("DER"));
    change_blob(&c, COL_ANCHOR_SPKI, bytes_of(spki, sizeof spki));
    change_int(&c, COL_ANCHOR_STATE, 1);
    change_int(&c, COL_ANCHOR_USE, ANCHOR_PROOF);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void what_is_not_there_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct msg_question none = {.kind = QUESTION_REHEARSE_ISSUER, .number = 77};
    assert_int_equal(ask(f, ADMIN, none), R_NOT_FOUND);
    none.kind = QUESTION_REHEARSE_ANCHOR;
    assert_int_equal(ask(f, ADMIN, none), R_NOT_FOUND);
    assert_int_equal(ask(f, ADMIN, of_product("valves")), R_NOT_FOUND);
    assert_int_equal(f->err.code, E_NOT_FOUND);
    assert_int_equal(f->n, 0);
}

static void without_a_number_it_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_REHEARSE_ISSUER}),
                     R_INVALID);
    assert_int_equal(ask(f, ADMIN, (struct msg_question){.kind = QUESTION_REHEARSE_ANCHOR}),
                     R_INVALID);
}

static void a_product_of_others_is_not_there_for_a_scope(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, of_product("pump")), R_NOT_FOUND);
    assert_int_equal(ask(f, ACME, of_product("valve")), OK);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void all_below_an_issuer_are_refused_and_know_no_door(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.devices, 2);
    assert_int_equal(f->rehearsal.certificates, 2);
    assert_int_equal(f->rehearsal.refused, 2);
    assert_int_equal(f->rehearsal.doorless, 2);
    assert_int_equal(f->rehearsal.unreachable, 0);
    assert_true(has(f, "valve/") && has(f, "pump/"));
    assert_true(has(f, "troth device list --issuer 3/"));
    assert_true(has(f, "troth issuer retire 3/"));
}

static void a_root_counts_what_is_below_it(void **state)
{
    struct fixture *f = *state;
    const struct msg_question root = {.kind = QUESTION_REHEARSE_ISSUER, .number = 1};
    assert_int_equal(ask(f, ADMIN, root), OK);
    assert_int_equal(f->rehearsal.kind, AUTHORITY_ROOT);
    assert_int_equal(f->rehearsal.devices, 2);
}

static void a_registered_key_is_a_door_where_its_product_takes_one(void **state)
{
    struct fixture *f = *state;
    register_key(f, 1);
    register_key(f, 4);
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.doorless, 0);
    assert_int_equal(f->rehearsal.refused, 2);

    set_int(f, TABLE_PRODUCT, 2, COL_PRODUCT_PROOFS, 1 << PROOF_IDEVID);
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.doorless, 1);
}

static void a_certificate_of_another_issuer_is_not_refused(void **state)
{
    struct fixture *f = *state;
    set_int(f, TABLE_CERTIFICATE, 1, COL_CERTIFICATE_STATE, CERT_PENDING);
    set_int(f, TABLE_CERTIFICATE, 1, COL_CERTIFICATE_ISSUER, 1);
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.devices, 2);
    assert_int_equal(f->rehearsal.refused, 1);
}

static void an_anchor_is_the_only_door_of_who_has_nothing_else(void **state)
{
    struct fixture *f = *state;
    const struct msg_question anchor = {.kind = QUESTION_REHEARSE_ANCHOR, .number = 7};
    add_anchor(f, 7, 1);
    set_int(f, TABLE_DEVICE, 1, COL_DEVICE_IDEVID_ANCHOR, 7);
    assert_int_equal(ask(f, ADMIN, anchor), OK);
    assert_int_equal(f->rehearsal.devices, 0); /* its product takes no IDevID */

    set_int(f, TABLE_PRODUCT, 1, COL_PRODUCT_PROOFS, 1 << PROOF_IDEVID);
    assert_int_equal(ask(f, ADMIN, anchor), OK);
    assert_int_equal(f->rehearsal.devices, 2); /* which can come by nothing else */
    assert_int_equal(f->rehearsal.refused, 1); /* A-1 goes on by its certificate */
    assert_int_equal(f->rehearsal.doorless, 2);

    add_anchor(f, 8, 1); /* A-2 may be below that one */
    assert_int_equal(ask(f, ADMIN, anchor), OK);
    assert_int_equal(f->rehearsal.refused, 0);
    assert_int_equal(f->rehearsal.doorless, 1);
}

static void a_scope_counts_its_own_devices(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ACME, of_issuer), OK);
    assert_int_equal(f->rehearsal.devices, 1);
    assert_int_equal(f->rehearsal.operators, 0);
    assert_true(has(f, "valve/"));
    assert_false(has(f, "pump/"));
}

static void who_was_not_heard_for_three_intervals_is_silent(void **state)
{
    struct fixture *f = *state;
    f->later_s = DAYS(60);
    assert_int_equal(ask(f, ADMIN, of_product("valve")), OK);
    assert_int_equal(f->rehearsal.silent, 0);
    f->later_s = DAYS(91);
    assert_int_equal(ask(f, ADMIN, of_product("valve")), OK);
    assert_int_equal(f->rehearsal.devices, 3);
    assert_int_equal(f->rehearsal.silent, 2);
    assert_int_equal(f->rehearsal.expired, 2);
    assert_int_equal(f->rehearsal.unreachable, 2);

    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_put_seen(f->store, 1, 2, NOW_S + DAYS(80), &f->err), OK);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(ask(f, ADMIN, of_product("valve")), OK);
    assert_int_equal(f->rehearsal.silent, 1);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void add_issued(struct fixture *f, uint64_t n, int64_t at_s)
{
    uint64_t size = 0;
    int64_t last_s = 0;
    assert_int_equal(store_last_entry(f->store, &size, &last_s, &f->err), OK);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    for (uint64_t i = 0; i < n; i++) {
        const struct entry entry = {size + i, at_s, 20, 1, bytes_text("body")};
        assert_int_equal(store_append_entry(f->store, &entry, &f->err), OK);
    }
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

static void without_an_issue_in_30_days_time_is_not_measured(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.a_minute, -1);
    assert_int_equal(f->rehearsal.planned_s, -1);
    assert_int_equal(f->rehearsal.sudden_s, -1);
    assert_int_equal(f->rehearsal.measured_since_s, NOW_S - DAYS(30));
}

static void the_busiest_minute_of_30_days_gives_the_time(void **state)
{
    struct fixture *f = *state;
    add_issued(f, 3, NOW_S + 60);
    add_issued(f, 1, NOW_S + 120);
    f->later_s = 120;
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.a_minute, 3);
    assert_int_equal(f->rehearsal.planned_s, 40); /* two certificates at three a minute */

    f->later_s = DAYS(30) + 90; /* the three are too old */
    assert_int_equal(ask(f, ADMIN, of_issuer), OK);
    assert_int_equal(f->rehearsal.a_minute, 1);
}

static void a_sudden_end_waits_for_the_hours_budget(void **state)
{
    struct fixture *f = *state;
    add_issued(f, 600, NOW_S);
    register_key(f, 1);
    register_key(f, 2);
    register_key(f, 3);
    set_int(f, TABLE_PRODUCT, 1, COL_PRODUCT_CLAIMS_AN_HOUR, 1);
    assert_int_equal(ask(f, ADMIN, of_product("valve")), OK);
    assert_int_equal(f->rehearsal.planned_s, 1);
    assert_int_equal(f->rehearsal.sudden_s, 7200); /* the first at once, two more hours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(what_is_not_there_is_not_found),
        TEST(without_a_number_it_is_refused),
        TEST(a_product_of_others_is_not_there_for_a_scope),
        TEST(all_below_an_issuer_are_refused_and_know_no_door),
        TEST(a_root_counts_what_is_below_it),
        TEST(a_registered_key_is_a_door_where_its_product_takes_one),
        TEST(a_certificate_of_another_issuer_is_not_refused),
        TEST(an_anchor_is_the_only_door_of_who_has_nothing_else),
        TEST(a_scope_counts_its_own_devices),
        TEST(who_was_not_heard_for_three_intervals_is_silent),
        TEST(without_an_issue_in_30_days_time_is_not_measured),
        TEST(the_busiest_minute_of_30_days_gives_the_time),
        TEST(a_sudden_end_waits_for_the_hours_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
