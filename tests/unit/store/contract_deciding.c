/* Policies and waivers: what people decided, and what of it is in force. */
#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    size_t n;
    char text[512];
};

static void see(struct seen *seen, int64_t a, int64_t b)
{
    seen->n += (size_t)snprintf(seen->text + seen->n, sizeof seen->text - seen->n, "%lld:%lld ",
                                (long long)a, (long long)b);
}

/* ---- policies ---------------------------------------------------------------------------------
 */

static void add_policy(struct contract *c, int64_t id, int64_t product, int64_t version, int state)
{
    struct change change = change_of(TABLE_POLICY, id);
    change_int(&change, COL_POLICY_PRODUCT, product);
    change_int(&change, COL_POLICY_VERSION, version);
    change_blob(&change, COL_POLICY_BODY, bytes_of(contract_hash((uint8_t)id), 3));
    change_blob(&change, COL_POLICY_DIGEST, bytes_of(contract_hash((uint8_t)id), 32));
    change_int(&change, COL_POLICY_CREATED_AT, 100 * id);
    change_int(&change, COL_POLICY_STATE, state);
    contract_apply(c, &change);
}

static void set_state(struct contract *c, int64_t id, int state)
{
    struct change change = change_of(TABLE_POLICY, id);
    change_int(&change, COL_POLICY_STATE, state);
    contract_apply(c, &change);
}

static enum result see_policy(void *ctx, const struct policy_version *row, struct err *err)
{
    (void)err;
    see(ctx, row->product, row->version);
    return OK;
}

static void a_policy_is_found_by_what_is_in_force_and_by_version(void **state)
{
    struct contract *c = *state;
    struct policy_version row = {.id = 99};
    assert_int_equal(store_policy(c->store, 0, &row, &c->err), R_NOT_FOUND);
    assert_int_equal(row.id, 99);
    add_policy(c, 1, 0, 1, POLICY_SUPERSEDED);
    add_policy(c, 2, 7, 1, POLICY_IN_FORCE);
    add_policy(c, 3, 0, 2, POLICY_IN_FORCE);
    assert_ok(store_policy(c->store, 0, &row, &c->err));
    assert_int_equal(row.id, 3);
    assert_int_equal(row.created_s, 300);
    assert_int_equal(row.body_n, 3);
    assert_memory_equal(row.digest, contract_hash(3), 32);
    assert_ok(store_policy_version(c->store, 0, 1, &row, &c->err));
    assert_int_equal(row.id, 1);
    assert_int_equal(store_policy_version(c->store, 7, 2, &row, &c->err), R_NOT_FOUND);

    struct seen seen = {0};
    struct filter filter = {.limit = 10};
    assert_ok(store_policies(c->store, &filter, false, see_policy, &seen, &c->err));
    assert_ok(store_policies(c->store, &filter, true, see_policy, &seen, &c->err));
    filter.product = 7;
    assert_ok(store_policies(c->store, &filter, true, see_policy, &seen, &c->err));
    assert_string_equal(seen.text, "0:1 7:1 0:2 0:1 0:2 7:1 ");
}

static unsigned first_octet(struct bytes body)
{
    return body.n == 3 ? body.p[0] : 0;
}

/* "fleet.own" of the bodies in force for the product, as their first octets. */
static unsigned bodies(struct contract *c, struct store *store, int64_t product)
{
    struct policy_bodies got = {0};
    assert_ok(store_policy_bodies(store, product, &got, &c->err));
    return 100 * first_octet(got.fleet) + first_octet(got.own);
}

static void what_is_kept_of_policies_is_what_is_in_force(void **state)
{
    struct contract *c = *state;
    assert_int_equal(bodies(c, c->store, 7), 0);
    add_policy(c, 1, 0, 1, POLICY_IN_FORCE);
    assert_int_equal(bodies(c, c->store, 7), 100);
    add_policy(c, 2, 7, 1, POLICY_IN_FORCE);
    assert_int_equal(bodies(c, c->store, 7), 102);
    assert_int_equal(bodies(c, c->store, 8), 100);
    assert_int_equal(bodies(c, c->store, 0), 100);
    assert_int_equal(bodies(c, c->store, 7), 102);

    struct change change = change_of(TABLE_POLICY, 2);
    change_int(&change, COL_POLICY_STATE, POLICY_SUPERSEDED);
    assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, &change, &c->err));
    assert_int_equal(bodies(c, c->store, 7), 100);
    store_rollback(c->store);
    assert_int_equal(bodies(c, c->store, 7), 102);
    set_state(c, 1, POLICY_SUPERSEDED);
    assert_int_equal(bodies(c, c->store, 7), 2);
}

static void a_reader_sees_a_new_policy_in_its_next_snapshot(void **state)
{
    struct contract *c = *state;
    struct store *reader = NULL;
    add_policy(c, 1, 0, 1, POLICY_IN_FORCE);
    assert_ok(c->backend->open(c->place, STORE_READ, &reader, &c->err));
    assert_ok(store_snapshot_begin(reader, &c->err));
    assert_int_equal(bodies(c, reader, 7), 100);
    add_policy(c, 2, 7, 1, POLICY_IN_FORCE);
    assert_int_equal(bodies(c, reader, 7), 100);
    store_snapshot_end(reader);
    assert_int_equal(bodies(c, reader, 7), 102);
    set_state(c, 1, POLICY_SUPERSEDED);
    assert_int_equal(bodies(c, reader, 7), 2); /* outside a snapshot nothing is kept */
    assert_ok(store_snapshot_begin(reader, &c->err));
    assert_int_equal(bodies(c, reader, 7), 2);
    store_snapshot_end(reader);
    store_close(reader);
}

/* ---- waivers ----------------------------------------------------------------------------------
 */

struct wanted {
    int64_t id;
    int check;
    int64_t product, device;
    const char *of_owner;
    int64_t created_s, expires_s, ended_s;
};

static void add_waiver(struct contract *c, const struct wanted *row)
{
    struct change change = change_of(TABLE_WAIVER, row->id);
    change_int(&change, COL_WAIVER_CHECK, row->check);
    change_int(&change, COL_WAIVER_PRODUCT, row->product);
    change_int(&change, COL_WAIVER_DEVICE, row->device);
    change_text(&change, COL_WAIVER_OF_OWNER, bytes_of(row->of_owner, strlen(row->of_owner)));
    change_text(&change, COL_WAIVER_ANSWERS, bytes_text("ops"));
    change_blob(&change, COL_WAIVER_REASON, bytes_of(contract_hash(1), 32));
    change_int(&change, COL_WAIVER_CREATED_AT, row->created_s);
    change_int(&change, COL_WAIVER_EXPIRES_AT, row->expires_s);
    change_int(&change, COL_WAIVER_STATE, row->ended_s != 0 ? WAIVER_ENDED : WAIVER_STANDS);
    if (row->ended_s != 0)
        change_int(&change, COL_WAIVER_ENDED_AT, row->ended_s);
    contract_apply(c, &change);
}

static const struct wanted waivers[] = {
    {1, 10, 1, 0, "", 100, 200, 0},     {2, 10, 1, 0, "acme", 100, 300, 150},
    {3, 10, 1, 1, "acme", 120, 400, 0}, {4, 22, 0, 0, "", 100, 500, 0},
    {5, 10, 2, 0, "", 100, 900, 0},     {6, 2, 1, 0, "", 100, 900, 0},
    {7, 23, 1, 0, "", 100, 900, 0},
};

static void add_waivers(struct contract *c)
{
    for (size_t i = 0; i < LENGTH_OF(waivers); i++)
        add_waiver(c, &waivers[i]);
}

static enum result see_waiver(void *ctx, const struct waiver *row, struct err *err)
{
    (void)err;
    see(ctx, row->id, row->check);
    return OK;
}

static void a_waiver_is_in_force_from_its_making_to_its_expiry_or_end(void **state)
{
    struct contract *c = *state;
    static const struct {
        int64_t at_s;
        const char *wanted;
    } cases[] = {
        {99, ""},
        {100, "1:10 2:10 4:22 5:10 6:2 7:23 "},
        {149, "1:10 2:10 3:10 4:22 5:10 6:2 7:23 "},
        {150, "1:10 3:10 4:22 5:10 6:2 7:23 "},
        {199, "1:10 3:10 4:22 5:10 6:2 7:23 "},
        {200, "3:10 4:22 5:10 6:2 7:23 "},
        {499, "4:22 5:10 6:2 7:23 "},
        {900, ""},
    };
    add_waivers(c);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(store_waivers_at(c->store, cases[i].at_s, see_waiver, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
}

static void waivers_are_listed_by_cursor_product_and_owner(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    add_waivers(c);
    struct seen seen = {0};
    struct filter all = {.after = 1, .limit = 3};
    struct filter now = {.limit = 9, .open_only = true, .now_s = 450, .product = 1};
    struct filter his = {.limit = 9, .owner = bytes_text("acme")};
    assert_ok(store_waivers(c->store, &all, see_waiver, &seen, &c->err));
    assert_string_equal(seen.text, "2:10 3:10 4:22 ");
    seen = (struct seen){0};
    assert_ok(store_waivers(c->store, &now, see_waiver, &seen, &c->err));
    assert_string_equal(seen.text, "6:2 7:23 ");
    seen = (struct seen){0}; /* he has no device of product 2 */
    assert_ok(store_waivers(c->store, &his, see_waiver, &seen, &c->err));
    assert_string_equal(seen.text, "1:10 2:10 3:10 4:22 6:2 7:23 ");
}

static void add_finding(struct contract *c, int64_t id, int check, int kind, int64_t subject)
{
    struct change change = change_of(TABLE_FINDING, id);
    change_int(&change, COL_FINDING_CHECK, check);
    if (kind == 1)
        change_int(&change, COL_FINDING_DEVICE, subject);
    change_int(&change, COL_FINDING_PRODUCT, kind == 1 ? 1 : kind == 2 ? subject : 0);
    if (kind != 1) {
        change_int(&change, COL_FINDING_KIND, kind);
        change_int(&change, COL_FINDING_SUBJECT, subject);
    }
    change_text(&change, COL_FINDING_OWNER, kind == 1 ? bytes_text("acme") : bytes_text(""));
    contract_apply(c, &change);
}

static void a_finding_is_waived_by_what_covers_it_the_longest(void **state)
{
    struct contract *c = *state;
    static const struct {
        int check, kind;
        int64_t subject, at_s, wanted; /* waiver; 0 = none */
    } cases[] = {
        {10, 1, 1, 130, 3},                      /* beside 1 and 2 */
        {10, 1, 2, 130, 2},                      /* another device: the owner's */
        {10, 1, 2, 160, 1},                      /* which has ended */
        {10, 1, 2, 200, 0},                      /* and the product's has expired */
        {11, 1, 1, 130, 0},                      /* another check */
        {22, 3, 0, 130, 4},                      /* the installation */
        {22, 6, 22, 130, 0},                     /* a check that failed */
        {2, 1, 1, 130, 6},   {2, 2, 1, 130, 0},  /* what a brake raised */
        {23, 2, 1, 130, 7},  {23, 2, 2, 130, 0}, /* another product */
    };
    add_waivers(c);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct waiver row = {0};
        int64_t id = 1 + (int64_t)i;
        add_finding(c, id, cases[i].check, cases[i].kind, cases[i].subject);
        enum result result = store_waiver_of(c->store, id, cases[i].at_s, &row, &c->err);
        assert_int_equal(result, cases[i].wanted != 0 ? OK : R_NOT_FOUND);
        assert_int_equal(row.id, cases[i].wanted);
    }
}

static enum result see_waived(void *ctx, int check, int64_t until_s, struct err *err)
{
    (void)err;
    see(ctx, check, until_s);
    return OK;
}

static void a_subject_has_the_last_expiry_of_what_stands(void **state)
{
    struct contract *c = *state;
    static const struct {
        struct waived_subject subject;
        const char *wanted;
    } cases[] = {
        {{1, 1, "acme"}, "2:900 10:400 22:500 23:900 "},
        {{2, 1, "acme"}, "2:900 10:200 22:500 23:900 "},
        {{4, 2, ""}, "10:900 22:500 "},
        {{0, 0, ""}, "22:500 "},
    };
    add_waivers(c);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct seen seen = {0};
        assert_ok(store_waived(c->store, &cases[i].subject, see_waived, &seen, &c->err));
        assert_string_equal(seen.text, cases[i].wanted);
    }
}

int contract_deciding(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(a_policy_is_found_by_what_is_in_force_and_by_version),
        CONTRACT_TEST(what_is_kept_of_policies_is_what_is_in_force),
        CONTRACT_TEST(a_reader_sees_a_new_policy_in_its_next_snapshot),
        CONTRACT_TEST(a_waiver_is_in_force_from_its_making_to_its_expiry_or_end),
        CONTRACT_TEST(waivers_are_listed_by_cursor_product_and_owner),
        CONTRACT_TEST(a_finding_is_waived_by_what_covers_it_the_longest),
        CONTRACT_TEST(a_subject_has_the_last_expiry_of_what_stands),
    };
    return cmocka_run_group_tests_name("deciding", tests, NULL, NULL);
}
