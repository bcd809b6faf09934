#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 6962 2.1 as it is written: the plain twin of the tiles and the frontier. */
static void plain_root(const uint8_t (*leaves)[32], size_t n, uint8_t ret[32])
{
    if (n == 1) {
        memcpy(ret, leaves[0], 32);
        return;
    }
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    uint8_t left[32], right[32];
    plain_root(leaves, k, left);
    plain_root(leaves + k, n - k, right);
    merkle_node(&sha256_for_merkle, left, right, ret);
}

struct leaves {
    size_t n;
    uint8_t hash[70000][32];
};

static enum result collect(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    struct leaves *leaves = ctx;
    merkle_leaf(&sha256_for_merkle, entry->body, leaves->hash[leaves->n++]);
    return OK;
}

static struct leaves *all_leaves(struct fixture *f)
{
    struct leaves *leaves = calloc(1, sizeof *leaves);
    assert_ok(store_entries(f->store, 0, UINT64_MAX, collect, leaves, &f->err));
    return leaves;
}

static void assert_root(struct fixture *f, const struct leaves *leaves, size_t size)
{
    uint8_t wanted[32], root[32];
    plain_root((const uint8_t(*)[32])leaves->hash, size, wanted);
    assert_ok(ledger_root_at(f->ledger, size, root, &f->err));
    assert_memory_equal(root, wanted, 32);
}

static void an_act_that_is_not_whole_leaves_no_entry(void **state)
{
    struct fixture *f = *state;
    struct act act;
    assert_ok(store_begin(f->store, &f->err));

    act_begin(&act, EVENT_NONE, 5, (struct actor){ACTOR_CORE, 0}, 0);
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);
    act_begin(&act, (enum event)999, 5, (struct actor){ACTOR_CORE, 0}, 0);
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);
    act_begin(&act, EVENT_LOG_BEGAN, 5, (struct actor){ACTOR_NONE, 0}, 0);
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);
    act_begin(&act, EVENT_LOG_BEGAN, 5, (struct actor){ACTOR_CORE, 0}, 0);
    act.personal = bytes_text("short");
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);
    act_begin(&act, EVENT_DEVICE_HELD, 5, (struct actor){ACTOR_CORE, 0}, 1);
    change_int(act_change(&act, TABLE_DEVICE, 1), COL_CERTIFICATE_STATE, 1);
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);

    store_rollback(f->store);
    ledger_rolled_back(f->ledger);
    assert_int_equal(ledger_size(f->ledger), 0);
}

static void a_change_too_many_breaks_the_act(void **state)
{
    struct fixture *f = *state;
    struct act act;
    act_begin(&act, EVENT_DEVICE_HELD, 5, (struct actor){ACTOR_CORE, 0}, 1);
    for (int64_t i = 1; i <= ACT_CHANGES_MAX + 1; i++)
        change_int(act_change(&act, TABLE_DEVICE, i), COL_DEVICE_STATE, 1);
    assert_ok(store_begin(f->store, &f->err));
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_BUG);
}

static void an_entry_above_its_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    static uint8_t big[8192];
    struct act act;
    act_begin(&act, EVENT_ISSUER_ADDED, 5, (struct actor){ACTOR_CORE, 0}, 0);
    for (int64_t i = 1; i <= 9; i++)
        change_blob(act_change(&act, TABLE_ISSUER, i), COL_ISSUER_CERTIFICATE,
                    bytes_of(big, sizeof big));
    assert_ok(store_begin(f->store, &f->err));
    assert_int_equal(ledger_append(f->ledger, &act, NULL, &f->err), R_LIMIT);
}

static void an_empty_log_has_the_root_of_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t root[32], wanted[32];
    sha256(bytes_of(NULL, 0), wanted);
    ledger_root(f->ledger, root);
    assert_memory_equal(root, wanted, 32);
    assert_int_equal(ledger_last_at_s(f->ledger), 0);
}

static void the_root_is_that_of_rfc_6962_at_every_size(void **state)
{
    struct fixture *f = *state;
    uint8_t root[32], again[32];
    fixture_import(f, 600);
    struct leaves *leaves = all_leaves(f);
    assert_int_equal(leaves->n, 600);
    for (size_t size = 1; size <= 600; size++)
        assert_root(f, leaves, size);
    ledger_root(f->ledger, root);
    assert_ok(ledger_root_at(f->ledger, 600, again, &f->err));
    assert_memory_equal(root, again, 32);
    assert_int_equal(ledger_root_at(f->ledger, 601, again, &f->err), R_NOT_FOUND);
    free(leaves);
}

static void what_was_loaded_goes_on_as_if_never_closed(void **state)
{
    struct fixture *f = *state;
    static const unsigned steps[] = {1, 254, 1, 1, 300, 64979, 1, 700};
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        fixture_import(f, steps[i]);
        uint8_t before[32], after[32];
        ledger_root(f->ledger, before);
        fixture_reopen(f);
        ledger_root(f->ledger, after);
        assert_memory_equal(before, after, 32);
    }
    struct leaves *leaves = all_leaves(f);
    assert_int_equal(leaves->n, 66237);
    static const size_t sizes[] = {255, 256, 257, 65535, 65536, 65537, 65793, 66237};
    for (size_t i = 0; i < LENGTH_OF(sizes); i++)
        assert_root(f, leaves, sizes[i]);
    free(leaves);
}

static void a_rolled_back_transaction_leaves_the_tree_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct act act;
    fixture_import(f, 250);
    uint8_t before[32], after[32];
    ledger_root(f->ledger, before);

    assert_ok(store_begin(f->store, &f->err));
    for (int64_t i = 0; i < 20; i++) { /* over the edge of a tile */
        fixture_device(&act, 1000 + i, 9000);
        assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    }
    assert_int_equal(ledger_size(f->ledger), 250); /* not committed */
    store_rollback(f->store);
    ledger_rolled_back(f->ledger);
    ledger_root(f->ledger, after);
    assert_memory_equal(before, after, 32);

    fixture_import(f, 20);
    struct leaves *leaves = all_leaves(f);
    assert_root(f, leaves, 270);
    free(leaves);
}

static void append_devices(struct fixture *f, int64_t first, int64_t n)
{
    struct act act;
    for (int64_t id = first; id < first + n; id++) {
        fixture_device(&act, id, 9000);
        assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    }
}

static void a_part_that_is_undone_leaves_the_tree_as_it_was_before_it(void **state)
{
    struct fixture *f = *state;
    uint8_t kept[32], read_again[32];
    fixture_import(f, 250);
    assert_ok(store_begin(f->store, &f->err));
    append_devices(f, 1000, 2);
    assert_ok(store_part_begin(f->store, &f->err));
    ledger_part_begun(f->ledger);
    append_devices(f, 2000, 20); /* over the edge of a tile */
    assert_ok(store_part_undo(f->store, &f->err));
    ledger_part_undone(f->ledger);
    append_devices(f, 3000, 10);
    assert_ok(store_commit(f->store, &f->err));
    ledger_committed(f->ledger);

    assert_int_equal(ledger_size(f->ledger), 262);
    ledger_root(f->ledger, kept);
    struct leaves *leaves = all_leaves(f);
    assert_root(f, leaves, 262);
    free(leaves);
    fixture_reopen(f);
    ledger_root(f->ledger, read_again);
    assert_memory_equal(kept, read_again, 32);
}

static enum result last_time(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = entry->at_s;
    return OK;
}

static void time_never_goes_back(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int64_t at_s, wanted;
    } cases[] = {{100, 100}, {90, 100}, {100, 100}, {101, 101}, {-5, 101}};
    struct act act;
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        uint64_t seq = 99;
        int64_t at_s = 0;
        fixture_device(&act, (int64_t)i + 1, cases[i].at_s);
        assert_ok(store_begin(f->store, &f->err));
        assert_ok(ledger_append(f->ledger, &act, &seq, &f->err));
        assert_ok(store_commit(f->store, &f->err));
        ledger_committed(f->ledger);
        assert_int_equal(seq, i);
        assert_ok(store_entries(f->store, seq, 1, last_time, &at_s, &f->err));
        assert_int_equal(at_s, cases[i].wanted);
        assert_int_equal(ledger_last_at_s(f->ledger), cases[i].wanted);
        fixture_reopen(f);
    }
}

static void the_same_act_twice_has_two_hashes(void **state)
{
    struct fixture *f = *state;
    struct act act;
    assert_ok(store_begin(f->store, &f->err));
    fixture_device(&act, 1, 100);
    assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    assert_ok(ledger_append(f->ledger, &act, NULL, &f->err));
    struct leaves *leaves = all_leaves(f);
    assert_memory_not_equal(leaves->hash[0], leaves->hash[1], 32);
    free(leaves);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_act_that_is_not_whole_leaves_no_entry),
        TEST(a_change_too_many_breaks_the_act),
        TEST(an_entry_above_its_limit_is_refused),
        TEST(an_empty_log_has_the_root_of_nothing),
        TEST(the_root_is_that_of_rfc_6962_at_every_size),
        TEST(what_was_loaded_goes_on_as_if_never_closed),
        TEST(a_rolled_back_transaction_leaves_the_tree_as_it_was),
        TEST(a_part_that_is_undone_leaves_the_tree_as_it_was_before_it),
        TEST(time_never_goes_back),
        TEST(the_same_act_twice_has_two_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
