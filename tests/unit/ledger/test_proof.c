#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct leaf {
    uint8_t hash[32];
};

static enum result take_leaf(void *ctx, const struct entry *entry, struct err *err)
{
    (void)err;
    merkle_leaf(&sha256_for_merkle, entry->body, ((struct leaf *)ctx)->hash);
    return OK;
}

static struct merkle_proof proof_of(const struct buf *out)
{
    struct merkle_proof proof = {.n = out->n / 32};
    memcpy(proof.hash, out->p, out->n);
    return proof;
}

static void assert_included(struct fixture *f, uint64_t index, uint64_t size)
{
    uint8_t room[MERKLE_PROOF_MAX * 32], root[32];
    struct leaf leaf;
    struct buf out = buf_over(room, sizeof room);
    assert_ok(ledger_prove_inclusion(f->ledger, index, size, &out, &f->err));
    assert_ok(ledger_root_at(f->ledger, size, root, &f->err));
    assert_ok(store_entries(f->store, index, 1, take_leaf, &leaf, &f->err));
    struct merkle_inclusion claim = {index, size, leaf.hash, root};
    struct merkle_proof proof = proof_of(&out);
    assert_true(merkle_verify_inclusion(&sha256_for_merkle, &claim, &proof));
    leaf.hash[0] ^= 1;
    assert_false(merkle_verify_inclusion(&sha256_for_merkle, &claim, &proof));
}

static void assert_extends(struct fixture *f, uint64_t old_size, uint64_t size)
{
    uint8_t room[MERKLE_PROOF_MAX * 32], old_root[32], root[32];
    struct buf out = buf_over(room, sizeof room);
    assert_ok(ledger_prove_consistency(f->ledger, old_size, size, &out, &f->err));
    assert_ok(ledger_root_at(f->ledger, old_size, old_root, &f->err));
    assert_ok(ledger_root_at(f->ledger, size, root, &f->err));
    struct merkle_consistency claim = {old_size, size, old_root, root};
    struct merkle_proof proof = proof_of(&out);
    assert_true(merkle_verify_consistency(&sha256_for_merkle, &claim, &proof));
    old_root[5] ^= 1;
    assert_false(merkle_verify_consistency(&sha256_for_merkle, &claim, &proof));
}

static void what_is_beyond_the_log_has_no_proof(void **state)
{
    struct fixture *f = *state;
    uint8_t room[MERKLE_PROOF_MAX * 32];
    struct buf out = buf_over(room, sizeof room);
    fixture_import(f, 10);
    assert_int_equal(ledger_prove_inclusion(f->ledger, 10, 10, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(ledger_prove_inclusion(f->ledger, 3, 11, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(ledger_prove_inclusion(f->ledger, 0, 0, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(ledger_prove_consistency(f->ledger, 0, 10, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(ledger_prove_consistency(f->ledger, 7, 6, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(ledger_prove_consistency(f->ledger, 7, 11, &out, &f->err), R_NOT_FOUND);
    assert_int_equal(out.n, 0);
    struct buf small = buf_over(room, 8);
    assert_int_equal(ledger_prove_inclusion(f->ledger, 1, 10, &small, &f->err), R_BUG);
}

static void a_tile_that_was_deleted_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t room[MERKLE_PROOF_MAX * 32];
    struct buf out = buf_over(room, sizeof room);
    fixture_import(f, 600);
    fixture_edit(f, "DELETE FROM tile WHERE id = 1");
    assert_int_equal(ledger_prove_inclusion(f->ledger, 300, 600, &out, &f->err), R_CORRUPT);
    assert_non_null(strstr(f->err.text, "tile 0/1"));
}

static void every_entry_of_a_small_log_is_proved_at_every_size(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 40);
    for (uint64_t size = 1; size <= 40; size++)
        for (uint64_t index = 0; index < size; index++)
            assert_included(f, index, size);
    for (uint64_t size = 1; size <= 40; size++)
        for (uint64_t old_size = 1; old_size <= size; old_size++)
            assert_extends(f, old_size, size);
}

static void proofs_reach_over_tiles_and_levels(void **state)
{
    struct fixture *f = *state;
    fixture_import(f, 66000);
    static const uint64_t sizes[] = {1, 255, 256, 257, 511, 513, 65535, 65536, 65537, 66000};
    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        assert_included(f, sizes[i] - 1, sizes[i]);
        assert_included(f, sizes[i] / 2, sizes[i]);
        assert_included(f, sizes[i] / 3, 66000);
        assert_extends(f, sizes[i], 66000);
        assert_extends(f, sizes[i] / 2 + 1, sizes[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_beyond_the_log_has_no_proof),
        TEST(a_tile_that_was_deleted_is_named),
        TEST(every_entry_of_a_small_log_is_proved_at_every_size),
        TEST(proofs_reach_over_tiles_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
