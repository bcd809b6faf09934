#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NUMBERS 3 /* ids that one question has room for */

/* Device 1: certificate 3, superseded at 300, and 5, in use over the same key; device 2: number 7.
 */
static void fill(struct contract *c)
{
    contract_fill(c);
    struct change third = contract_certificate(3, 1, 3), fifth = contract_certificate(5, 1, 2);
    memcpy(&fifth.cells[3], &third.cells[3], sizeof fifth.cells[3]); /* the key */
    contract_apply(c, &third);
    contract_apply(c, &fifth);
    struct change seventh = contract_certificate(7, 2, 1);
    contract_apply(c, &seventh);
}

static void a_key_is_counted_with_its_holder_alone(void **state)
{
    struct contract *c = *state;
    int64_t n = 99, first_s = 99;
    fill(c);
    assert_ok(store_key_held(c->store, 1, contract_hash(3), &n, &first_s, &c->err));
    assert_int_equal(n, 2);
    assert_int_equal(first_s, 300);
    assert_ok(store_key_held(c->store, 2, contract_hash(3), &n, &first_s, &c->err));
    assert_int_equal(n, 0);
    assert_int_equal(first_s, 0);
    assert_ok(store_first_issued(c->store, 1, &first_s, &c->err));
    assert_int_equal(first_s, 300);
    assert_ok(store_first_issued(c->store, 4, &first_s, &c->err));
    assert_int_equal(first_s, 0);
}

static void a_key_is_known_whoever_has_it(void **state)
{
    struct contract *c = *state;
    bool is_known = false;
    fill(c);
    assert_ok(store_key_is_known(c->store, contract_hash(3), &is_known, &c->err));
    assert_true(is_known);
    assert_ok(store_key_is_known(c->store, contract_hash(5), &is_known, &c->err));
    assert_false(is_known); /* the fifth is over the third's */
}

static void a_version_is_read_alone(void **state)
{
    struct contract *c = *state;
    int64_t version = 99;
    struct change change = change_of(TABLE_DEVICE, 2);
    fill(c);
    change_int(&change, COL_DEVICE_VERSION, 7);
    contract_apply(c, &change);
    assert_ok(store_device_version(c->store, 2, &version, &c->err));
    assert_int_equal(version, 7);
    assert_int_equal(store_device_version(c->store, 55, &version, &c->err), R_NOT_FOUND);
}

static void a_finding_that_is_closed_was_there(void **state)
{
    struct contract *c = *state;
    bool was_found = true;
    struct change change = change_of(TABLE_FINDING, 1);
    fill(c);
    change_int(&change, COL_FINDING_CHECK, 7);
    change_int(&change, COL_FINDING_DEVICE, 2);
    change_int(&change, COL_FINDING_CLOSED_AT, 500);
    contract_apply(c, &change);
    assert_ok(store_was_found(c->store, 1, &was_found, &c->err));
    assert_false(was_found);
    assert_ok(store_was_found(c->store, 2, &was_found, &c->err));
    assert_true(was_found);
}

static void a_shard_tells_what_ended_after_its_list(void **state)
{
    struct contract *c = *state;
    const struct shard shard = {2, 7, 0}, other = {2, 7, 1};
    int64_t at_s = 99;
    fill(c);
    assert_ok(store_first_end(c->store, &shard, 0, &at_s, &c->err));
    assert_int_equal(at_s, 300);
    assert_ok(store_first_end(c->store, &shard, 299, &at_s, &c->err));
    assert_int_equal(at_s, 300);
    assert_ok(store_first_end(c->store, &shard, 300, &at_s, &c->err));
    assert_int_equal(at_s, 0);
    assert_ok(store_shard_began(c->store, &shard, &at_s, &c->err));
    assert_int_equal(at_s, 300);
    assert_int_equal(store_shard_began(c->store, &other, &at_s, &c->err), R_NOT_FOUND);
}

static void what_an_issuer_issued_lasts_until_its_last_live_end(void **state)
{
    struct contract *c = *state;
    int64_t until_s = 99;
    fill(c);
    assert_ok(store_leaves_until(c->store, 2, 1000, &until_s, &c->err));
    assert_int_equal(until_s, 1700);
    assert_ok(store_leaves_until(c->store, 2, 1700, &until_s, &c->err));
    assert_int_equal(until_s, 1700);
    assert_ok(store_leaves_until(c->store, 2, 1701, &until_s, &c->err));
    assert_int_equal(until_s, 0);
    assert_ok(store_leaves_until(c->store, 1, 1000, &until_s, &c->err));
    assert_int_equal(until_s, 0);
}

static int64_t needs(struct contract *c, const char *owner, int64_t now_s)
{
    struct issuer_needs needs = {0};
    struct bytes whose = bytes_of(owner, strlen(owner));
    assert_ok(store_issuer_needs(c->store, 2, whose, now_s, &needs, &c->err));
    return needs.devices;
}

/* Device 1 has number 5, in use until 1500, and beside it 8, pending until 1800; device 2 number 7,
 * pending until 1700. */
static void a_device_needs_its_issuer_once_and_while_it_can_renew(void **state)
{
    static const struct {
        int64_t now_s, devices;
    } wanted[] = {{1000, 2}, {1600, 2}, {1750, 1}, {1900, 0}};
    struct contract *c = *state;
    struct change eighth = contract_certificate(8, 1, 1);
    fill(c);
    contract_apply(c, &eighth);
    for (size_t i = 0; i < LENGTH_OF(wanted); i++) {
        assert_int_equal(needs(c, "", wanted[i].now_s), wanted[i].devices);
        assert_int_equal(needs(c, "acme", wanted[i].now_s), wanted[i].devices);
        assert_int_equal(needs(c, "nobody", wanted[i].now_s), 0);
    }
}

static size_t ids(struct contract *c, const struct id_range *range, int64_t ret[NUMBERS])
{
    size_t n = 0;
    assert_ok(store_ids(c->store, range, ret, NUMBERS, &n, &c->err));
    return n;
}

static void ids_are_those_of_a_range_and_a_product(void **state)
{
    struct contract *c = *state;
    int64_t got[NUMBERS] = {0};
    struct id_range range = {.table = TABLE_DEVICE, .until = 100};
    fill(c);
    assert_int_equal(ids(c, &range, got), NUMBERS); /* there is one more */
    assert_int_equal(got[2], 3);
    range.after = 3;
    assert_int_equal(ids(c, &range, got), 1);
    assert_int_equal(got[0], 4);
    range = (struct id_range){.table = TABLE_DEVICE, .until = 2};
    assert_int_equal(ids(c, &range, got), 2);
    range.product = 77;
    assert_int_equal(ids(c, &range, got), 0);
    range = (struct id_range){.table = TABLE_ISSUER, .until = 100};
    assert_int_equal(ids(c, &range, got), 2);
    range.product = 1; /* issuers are no product's */
    assert_int_equal(ids(c, &range, got), 0);
    range = (struct id_range){.table = TABLE_PRODUCT, .until = 100, .product = 1};
    assert_int_equal(ids(c, &range, got), 1);
}

static void a_certificate_without_its_issuer_is_damage(void **state)
{
    struct contract *c = *state;
    struct issuer_is is = {0};
    fill(c);
    assert_ok(store_issuer_is(c->store, 2, &is, &c->err));
    assert_int_equal(is.state, 1);
    assert_int_equal(is.kind, 2);
    assert_int_equal(store_issuer_is(c->store, 9, &is, &c->err), R_CORRUPT);
}

int contract_measure(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(a_key_is_counted_with_its_holder_alone),
        CONTRACT_TEST(a_key_is_known_whoever_has_it),
        CONTRACT_TEST(a_version_is_read_alone),
        CONTRACT_TEST(a_finding_that_is_closed_was_there),
        CONTRACT_TEST(a_shard_tells_what_ended_after_its_list),
        CONTRACT_TEST(what_an_issuer_issued_lasts_until_its_last_live_end),
        CONTRACT_TEST(a_device_needs_its_issuer_once_and_while_it_can_renew),
        CONTRACT_TEST(ids_are_those_of_a_range_and_a_product),
        CONTRACT_TEST(a_certificate_without_its_issuer_is_damage),
    };
    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
