/* The overview's figures are kept as rows change: they are what counting the rows gives. */
#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 9
#define CERTIFICATES 25
#define OWNERS 3 /* 0: nobody's */
#define STATES 7

/* What the rows are, and numbers that are drawn. */
struct counted {
    struct contract *c;
    uint32_t draw;
    bool is_open;
    int owner_of[DEVICES + 1], state_of[DEVICES + 1];
    int holder_of[CERTIFICATES + 1], cert_state_of[CERTIFICATES + 1];
};

static int draw(struct counted *counted, int below)
{
    counted->draw = counted->draw * 1103515245U + 12345U;
    return (int)(counted->draw >> 16) % below;
}

static struct bytes owner_named(int owner)
{
    static const uint8_t names[] = "xab";
    return bytes_of(names + owner, owner == 0 ? 0 : 1);
}

/* In the transaction that is open, or in one of its own. */
static void apply(struct counted *counted, const struct change *change)
{
    struct contract *c = counted->c;
    if (!counted->is_open)
        assert_ok(store_begin(c->store, &c->err));
    assert_ok(store_apply(c->store, change, &c->err));
    if (!counted->is_open)
        assert_ok(store_commit(c->store, &c->err));
}

static void change_some_device(struct counted *counted)
{
    int id = 1 + draw(counted, DEVICES);
    bool is_new = counted->state_of[id] == 0;
    struct change change = change_of(TABLE_DEVICE, id);
    if (is_new)
        change_int(&change, COL_DEVICE_PRODUCT, 1);
    if (is_new || draw(counted, 4) == 0) {
        counted->owner_of[id] = draw(counted, OWNERS);
        change_text(&change, COL_DEVICE_OWNER, owner_named(counted->owner_of[id]));
    }
    counted->state_of[id] = 1 + draw(counted, STATES - 1);
    change_int(&change, COL_DEVICE_STATE, counted->state_of[id]);
    apply(counted, &change);
}

static void change_some_certificate(struct counted *counted)
{
    int id = 1 + draw(counted, CERTIFICATES);
    int holder = draw(counted, DEVICES + 1);
    if (counted->cert_state_of[id] == 0 && (holder == 0 || counted->state_of[holder] != 0))
        counted->holder_of[id] = holder;
    counted->cert_state_of[id] = 1 + draw(counted, STATES - 1);
    struct change change =
        contract_certificate(id, counted->holder_of[id], counted->cert_state_of[id]);
    apply(counted, &change);
}

static bool has_owner(const struct counted *counted, int device, int owner)
{
    return owner == 0 || (device != 0 && counted->owner_of[device] == owner);
}

static void count_by_hand(const struct counted *counted, bool devices, int owner,
                          int64_t ret[STATES])
{
    for (int id = 1; devices && id <= DEVICES; id++)
        ret[counted->state_of[id]] += has_owner(counted, id, owner);
    for (int id = 1; !devices && id <= CERTIFICATES; id++)
        ret[counted->cert_state_of[id]] += has_owner(counted, counted->holder_of[id], owner);
    ret[0] = 0; /* those are not there yet */
}

static enum result take(void *ctx, int64_t key, int64_t n, struct err *err)
{
    (void)err;
    int64_t *seen = ctx;
    assert_in_range(key, 1, STATES - 1);
    assert_true(n > 0);
    seen[key] += n;
    return OK;
}

static void check(const struct counted *counted, const char *group, int owner)
{
    struct contract *c = counted->c;
    int64_t wanted[STATES] = {0}, seen[STATES] = {0};
    count_by_hand(counted, strcmp(group, "device") == 0, owner, wanted);
    assert_ok(store_counts(c->store, group, owner_named(owner), take, seen, &c->err));
    assert_memory_equal(seen, wanted, sizeof seen);
}

static void check_product(const struct counted *counted, int owner)
{
    struct contract *c = counted->c;
    int64_t wanted = 0, n = -1;
    for (int id = 1; id <= DEVICES; id++)
        wanted += counted->state_of[id] != 0 && has_owner(counted, id, owner);
    assert_ok(store_count_devices(c->store, 1, owner_named(owner), &n, &c->err));
    assert_int_equal(n, wanted);
}

static void change_something(struct counted *counted)
{
    if (draw(counted, 2) == 0)
        change_some_device(counted);
    else
        change_some_certificate(counted);
}

static void check_all(const struct counted *counted)
{
    for (int owner = 0; owner < OWNERS; owner++) {
        check(counted, "device", owner);
        check(counted, "certificate", owner);
        check_product(counted, owner);
    }
}

static struct counted begin(struct contract *c)
{
    struct change product = change_of(TABLE_PRODUCT, 1);
    change_text(&product, COL_PRODUCT_NAME, bytes_text("valve"));
    contract_apply(c, &product);
    return (struct counted){.c = c, .draw = 4};
}

static void the_figures_follow_every_change(void **state)
{
    struct counted counted = begin(*state);
    for (int step = 0; step < 300; step++) {
        change_something(&counted);
        check_all(&counted);
    }
}

/* What many changes of one transaction come to, asked for within it now and then. */
static void the_figures_follow_a_transaction(void **state)
{
    struct contract *c = *state;
    struct counted counted = begin(c);
    for (int round = 0; round < 60; round++) {
        assert_ok(store_begin(c->store, &c->err));
        counted.is_open = true;
        for (int step = 0; step < 20; step++) {
            change_something(&counted);
            if (draw(&counted, 10) == 0)
                check_all(&counted);
        }
        assert_ok(store_commit(c->store, &c->err));
        check_all(&counted);
    }
}

static void what_is_undone_counts_for_nothing(void **state)
{
    struct contract *c = *state;
    struct counted counted = begin(c);
    for (int step = 0; step < 30; step++)
        change_something(&counted);
    for (int round = 0; round < 20; round++) {
        struct counted undone = counted;
        undone.is_open = true;
        assert_ok(store_begin(c->store, &c->err));
        for (int step = 0; step < 5; step++)
            change_something(&undone);
        store_rollback(c->store);
        counted.draw = undone.draw;
        check_all(&counted);
        change_something(&counted);
        check_all(&counted);
    }
}

static void a_part_that_is_undone_counts_for_nothing(void **state)
{
    struct contract *c = *state;
    struct counted counted = begin(c);
    for (int step = 0; step < 30; step++)
        change_something(&counted);
    assert_ok(store_begin(c->store, &c->err));
    counted.is_open = true;
    for (int round = 0; round < 20; round++) {
        change_something(&counted);
        struct counted undone = counted;
        assert_ok(store_part_begin(c->store, &c->err));
        for (int step = 0; step < 5; step++)
            change_something(&undone);
        if (round % 2 == 0)
            check_all(&undone); /* which writes the sums */
        assert_ok(store_part_undo(c->store, &c->err));
        counted.draw = undone.draw;
        check_all(&counted);
    }
    assert_ok(store_commit(c->store, &c->err));
    check_all(&counted);
}

#define PRODUCTS 100 /* more kinds of row than are summed at once */

static void a_transaction_may_change_figures_of_many_kinds(void **state)
{
    struct contract *c = *state;
    int64_t n = -1;
    assert_ok(store_begin(c->store, &c->err));
    for (int64_t id = 1; id <= PRODUCTS * 2; id++) {
        struct change change = change_of(TABLE_DEVICE, id);
        change_int(&change, COL_DEVICE_PRODUCT, 1 + id % PRODUCTS);
        change_int(&change, COL_DEVICE_STATE, 1);
        assert_ok(store_apply(c->store, &change, &c->err));
    }
    assert_ok(store_commit(c->store, &c->err));
    for (int64_t product = 1; product <= PRODUCTS; product++) {
        assert_ok(store_count_devices(c->store, product, owner_named(0), &n, &c->err));
        assert_int_equal(n, 2);
    }
}

int contract_counting(const struct backend *backend)
{
    (void)backend;
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(the_figures_follow_every_change),
        CONTRACT_TEST(the_figures_follow_a_transaction),
        CONTRACT_TEST(what_is_undone_counts_for_nothing),
        CONTRACT_TEST(a_part_that_is_undone_counts_for_nothing),
        CONTRACT_TEST(a_transaction_may_change_figures_of_many_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
