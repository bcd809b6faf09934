/* From the commit that ended a trust to each boundary's word that it enforces that. */
#include "cutoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct cutoffs cutoffs;

static int set_up(void **state)
{
    (void)state;
    cutoffs = (struct cutoffs){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cutoffs_free(&cutoffs);
    return 0;
}

static void know(uint32_t id)
{
    assert_true(cutoffs_name(&cutoffs, id, bytes_text("gate"), 1000));
}

static void cut(uint64_t generation, uint64_t first, uint64_t entries, int64_t commit_ms)
{
    cutoffs_add(&cutoffs, &(struct cutoff){generation, first, entries, commit_ms});
}

static enum cutoff_state state_of(uint32_t id, uint64_t cutoff, int64_t now_ms, uint32_t *ret_ms)
{
    for (size_t i = 0; i < cutoffs.boundaries_n; i++)
        if (cutoffs.boundaries[i]->id == id)
            return cutoffs_state(&cutoffs, cutoffs.boundaries[i], cutoff,
                                 &(struct cutoff_when){now_ms, 60000}, ret_ms);
    return CUTOFF_STATE_COUNT;
}

static void who_is_not_in_use_says_nothing(void **state)
{
    (void)state;
    assert_null(cutoffs_heard(&cutoffs, 7, 1, 0));
    know(7);
    cutoffs_named(&cutoffs);
    assert_non_null(cutoffs_heard(&cutoffs, 7, 1, 0));
    cutoffs_named(&cutoffs); /* the next set lacks it */
    assert_null(cutoffs_heard(&cutoffs, 7, 1, 0));
    assert_int_equal(cutoffs.boundaries_n, 0);
}

static void there_are_no_more_than_there_may_be(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= LIMIT_BOUNDARIES; i++)
        know(i);
    assert_false(cutoffs_name(&cutoffs, LIMIT_BOUNDARIES + 1, bytes_text("gate"), 0));
    know(1); /* who is there already may be named again */
}

static void the_time_is_from_commit_to_the_first_word_of_it(void **state)
{
    (void)state;
    uint32_t ms = 0;
    know(7);
    cutoffs_heard(&cutoffs, 7, 10, 5000);
    cut(12, 3, 4, 6000);
    cutoffs_heard(&cutoffs, 7, 11, 6010); /* a heartbeat before it */
    assert_int_equal(state_of(7, 0, 6020, &ms), CUTOFF_PENDING);
    assert_int_equal(ms, 20);
    cutoffs_heard(&cutoffs, 7, 13, 6040);
    cutoffs_heard(&cutoffs, 7, 14, 7000);
    assert_int_equal(state_of(7, 0, 9000, &ms), CUTOFF_ENFORCED);
    assert_int_equal(ms, 40);
    const struct cutoff_boundary *boundary = cutoffs.boundaries[0];
    assert_int_equal(boundary->count, 1);
    assert_int_equal(boundary->sum_ms, 40);
    assert_int_equal(boundary->slowest_ms, 40);
    assert_int_equal(boundary->buckets[2], 1); /* above 25, up to 50 */
}

static void a_bucket_has_its_own_bound(void **state)
{
    (void)state;
    know(7);
    cutoffs_heard(&cutoffs, 7, 1, 0);
    for (size_t i = 0; i < CUTOFF_BUCKETS; i++) {
        cut(2 * i + 2, i, i + 1, 0);
        cutoffs_heard(&cutoffs, 7, 2 * i + 2, cutoff_bucket_ms[i]);
        cut(2 * i + 3, i, i + 1, 0);
        cutoffs_heard(&cutoffs, 7, 2 * i + 3, cutoff_bucket_ms[i] + 1);
    }
    const uint64_t *buckets = cutoffs.boundaries[0]->buckets;
    assert_int_equal(buckets[0], 1);
    for (size_t i = 1; i < CUTOFF_BUCKETS; i++)
        assert_int_equal(buckets[i], 2);
    assert_int_equal(buckets[CUTOFF_BUCKETS], 1);
}

static void who_is_late_is_named_behind_or_silent(void **state)
{
    (void)state;
    uint32_t ms = 0;
    know(7);
    know(8); /* never heard */
    cutoffs_heard(&cutoffs, 7, 10, 5000);
    cut(12, 3, 4, 6000);
    assert_int_equal(state_of(7, 0, 7000, &ms), CUTOFF_PENDING);
    assert_int_equal(state_of(7, 0, 7001, &ms), CUTOFF_BEHIND);
    assert_int_equal(state_of(8, 0, 7001, &ms), CUTOFF_SILENT);
    assert_int_equal(state_of(7, 0, 65000, &ms), CUTOFF_BEHIND);
    assert_int_equal(state_of(7, 0, 65001, &ms), CUTOFF_SILENT);
    assert_int_equal(ms, 59001);
}

static void what_was_before_a_boundary_is_not_its_own(void **state)
{
    (void)state;
    uint32_t ms = 0;
    cut(5, 0, 1, 1000);
    know(7);
    cutoffs_heard(&cutoffs, 7, 9, 2000);
    assert_int_equal(state_of(7, 0, 3000, &ms), CUTOFF_UNKNOWN);
    assert_int_equal(cutoffs.boundaries[0]->count, 0);
}

static void an_entry_finds_the_cut_off_that_has_it(void **state)
{
    (void)state;
    uint64_t found = 99;
    cut(12, 3, 5, 0);
    cut(13, 7, 9, 0);
    assert_false(cutoffs_of_entry(&cutoffs, 2, &found));
    assert_true(cutoffs_of_entry(&cutoffs, 3, &found));
    assert_int_equal(found, 0);
    assert_true(cutoffs_of_entry(&cutoffs, 4, &found));
    assert_int_equal(found, 0);
    assert_false(cutoffs_of_entry(&cutoffs, 6, &found)); /* ended nothing */
    assert_true(cutoffs_of_entry(&cutoffs, 8, &found));
    assert_int_equal(found, 1);
    assert_false(cutoffs_of_entry(&cutoffs, 9, &found));
}

static void only_the_last_ones_are_kept(void **state)
{
    (void)state;
    uint64_t found = 0;
    uint32_t ms = 0;
    know(7);
    cutoffs_heard(&cutoffs, 7, 1, 0);
    for (uint64_t i = 0; i < 3 * CUTOFFS_MAX; i++)
        cut(10 + i, i, i + 1, 100);
    assert_false(cutoffs_of_entry(&cutoffs, 0, &found));
    assert_true(cutoffs_of_entry(&cutoffs, 3 * CUTOFFS_MAX - 1, &found));
    assert_int_equal(found, 3 * CUTOFFS_MAX - 1);
    cutoffs_heard(&cutoffs, 7, 10 + 3 * CUTOFFS_MAX, 150); /* was away, and has them all now */
    assert_int_equal(cutoffs.boundaries[0]->count, CUTOFFS_MAX);
    assert_int_equal(state_of(7, found, 200, &ms), CUTOFF_ENFORCED);
    assert_int_equal(ms, 50);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(who_is_not_in_use_says_nothing),
        CASE(there_are_no_more_than_there_may_be),
        CASE(the_time_is_from_commit_to_the_first_word_of_it),
        CASE(a_bucket_has_its_own_bound),
        CASE(who_is_late_is_named_behind_or_silent),
        CASE(what_was_before_a_boundary_is_not_its_own),
        CASE(an_entry_finds_the_cut_off_that_has_it),
        CASE(only_the_last_ones_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
