/* What a front keeps of the feed: bounded, without a gap, and only what leads on. */
#include "feed_ring.h"
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct feed_ring ring;

static int set_up(void **state)
{
    (void)state;
    ring = (struct feed_ring){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    feed_ring_free(&ring);
    return 0;
}

static bool take(struct bytes octets)
{
    struct err err = {0};
    bool is_heartbeat = false;
    assert_int_equal(feed_ring_take(&ring, octets, &is_heartbeat, &err), OK);
    return is_heartbeat;
}

/* The generations that a reader at `generation` is led through; how many. */
static size_t led(uint64_t generation, uint64_t *ret_last)
{
    static uint8_t octets[FEED_RING_MAX];
    struct buf b = buf_over(octets, sizeof octets);
    size_t n = 0;
    feed_ring_put(&ring, generation, &b);
    struct bytes rest = buf_bytes(&b);
    struct told_item item;
    while (told_next(&rest, &item)) {
        assert_int_equal(item.from, generation);
        generation = item.to;
        n++;
    }
    *ret_last = generation;
    return n;
}

static void what_is_no_delta_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    bool is_heartbeat = false;
    struct bytes octets = told_delta(1, 2, 0, 3);
    assert_int_equal(feed_ring_take(&ring, bytes_of(octets.p, octets.n - 1), &is_heartbeat, &err),
                     R_BUG);
    assert_int_equal(feed_ring_take(&ring, bytes_text("\xd2\x84"), &is_heartbeat, &err), R_BUG);
    assert_int_equal(ring.newest, 0);
}

static void before_core_has_spoken_nothing_leads(void **state)
{
    (void)state;
    assert_false(feed_ring_leads(&ring, 0));
    assert_false(feed_ring_leads(&ring, 1));
    assert_int_equal(feed_ring_service(&ring, 7), 0);
}

static void deltas_lead_from_each_of_their_generations_and_from_no_other(void **state)
{
    (void)state;
    uint64_t last = 0;
    feed_ring_take_catalogue(&ring, 10);
    assert_false(take(told_delta(10, 12, 0, 3)));
    assert_false(take(told_delta(12, 13, 0, 3)));
    assert_true(feed_ring_leads(&ring, 10));
    assert_true(feed_ring_leads(&ring, 12));
    assert_true(feed_ring_leads(&ring, 13));
    assert_false(feed_ring_leads(&ring, 9));
    assert_false(feed_ring_leads(&ring, 11));
    assert_false(feed_ring_leads(&ring, 14));
    assert_int_equal(led(10, &last), 2);
    assert_int_equal(last, 13);
    assert_int_equal(led(12, &last), 1);
    assert_int_equal(led(13, &last), 0);
}

static void a_heartbeat_is_told_apart_and_says_services(void **state)
{
    (void)state;
    feed_ring_take_catalogue(&ring, 10);
    assert_true(take(told_delta(10, 10, 4, 0)));
    assert_int_equal(feed_ring_service(&ring, 7), 4);
    assert_int_equal(feed_ring_service(&ring, 8), 0);
    assert_false(take(told_delta(10, 11, 5, 3)));
    assert_int_equal(feed_ring_service(&ring, 7), 5);
}

static void a_gap_begins_the_ring_anew(void **state)
{
    (void)state;
    uint64_t last = 0;
    feed_ring_take_catalogue(&ring, 10);
    take(told_delta(10, 11, 0, 3));
    take(told_delta(14, 15, 0, 3)); /* 11 to 14 never came */
    assert_false(feed_ring_leads(&ring, 10));
    assert_false(feed_ring_leads(&ring, 11));
    assert_true(feed_ring_leads(&ring, 14));
    assert_int_equal(led(14, &last), 1);
    assert_true(take(told_delta(20, 20, 0, 0))); /* a heartbeat of another chain */
    assert_false(feed_ring_leads(&ring, 15));
    assert_true(feed_ring_leads(&ring, 20));
    feed_ring_take_catalogue(&ring, 30);
    assert_false(feed_ring_leads(&ring, 20));
    assert_true(feed_ring_leads(&ring, 30));
}

static void nothing_is_older_than_the_catalogue_before_the_last(void **state)
{
    (void)state;
    feed_ring_take_catalogue(&ring, 10);
    for (uint64_t to = 11; to <= 40; to++) {
        take(told_delta(to - 1, to, 0, 3));
        if (to % 10 == 0)
            feed_ring_take_catalogue(&ring, to);
    }
    assert_int_equal(ring.catalogue, 40);
    assert_false(feed_ring_leads(&ring, 29));
    assert_true(feed_ring_leads(&ring, 30));
    assert_true(feed_ring_leads(&ring, 35));
    assert_int_equal(ring.n, 10);
}

static void memory_is_bounded_and_what_is_left_leads_on(void **state)
{
    (void)state;
    uint64_t last = 0;
    feed_ring_take_catalogue(&ring, 10);
    for (uint64_t to = 11; to <= 1000; to++) {
        take(told_delta(to - 1, to, 0, 30000));
        assert_true(ring.octets <= FEED_RING_MAX);
    }
    assert_false(feed_ring_leads(&ring, 10)); /* who is there takes the next catalogue */
    assert_true(ring.n > 100 && ring.max <= 512);
    assert_int_equal(led(1000 - ring.n, &last), ring.n);
    assert_int_equal(last, 1000);
    for (uint64_t to = 1001; to <= 60000; to++)
        take(told_delta(to - 1, to, 0, 3));
    assert_true(ring.octets <= FEED_RING_MAX && ring.max * sizeof *ring.deltas <= FEED_RING_MAX);
}

static void what_has_no_room_is_left_out_whole(void **state)
{
    (void)state;
    static uint8_t octets[1000];
    feed_ring_take_catalogue(&ring, 10);
    for (uint64_t to = 11; to <= 20; to++)
        take(told_delta(to - 1, to, 0, 3));
    struct buf b = buf_over(octets, sizeof octets);
    feed_ring_put(&ring, 10, &b);
    assert_true(buf_ok(&b));
    assert_true(b.n > 0 && b.n % ring.deltas[ring.first].octets.n == 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_no_delta_is_refused),
        CASE(before_core_has_spoken_nothing_leads),
        CASE(deltas_lead_from_each_of_their_generations_and_from_no_other),
        CASE(a_heartbeat_is_told_apart_and_says_services),
        CASE(a_gap_begins_the_ring_anew),
        CASE(nothing_is_older_than_the_catalogue_before_the_last),
        CASE(memory_is_bounded_and_what_is_left_leads_on),
        CASE(what_has_no_room_is_left_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
