#include "wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NODES 2000

static struct wheel wheel;

static void an_empty_wheel_waits_for_nothing(void **state)
{
    (void)state;
    wheel_init(&wheel, 123456);
    assert_null(wheel_pop(&wheel, 99999999));
    assert_int_equal(wheel_wait_ms(&wheel, 99999999), -1);
}

static void a_node_that_is_in_no_wheel_may_be_cleared(void **state)
{
    (void)state;
    struct wheel_node node = {0};
    wheel_init(&wheel, 0);
    wheel_clear(&wheel, &node);
    wheel_set(&wheel, &node, 50);
    wheel_clear(&wheel, &node);
    wheel_clear(&wheel, &node);
    assert_null(wheel_pop(&wheel, 100000));
}

static void a_deadline_in_the_past_is_due_at_once(void **state)
{
    (void)state;
    struct wheel_node node = {0};
    wheel_init(&wheel, 1000000);
    wheel_set(&wheel, &node, 5);
    assert_ptr_equal(wheel_pop(&wheel, 1000000), &node);
    assert_null(wheel_pop(&wheel, 1000000));
}

static void a_moved_deadline_is_due_once(void **state)
{
    (void)state;
    struct wheel_node node = {0};
    wheel_init(&wheel, 0);
    wheel_set(&wheel, &node, 100);
    wheel_set(&wheel, &node, 5000);
    wheel_set(&wheel, &node, 900);
    assert_null(wheel_pop(&wheel, 899));
    assert_ptr_equal(wheel_pop(&wheel, 900), &node);
    assert_null(wheel_pop(&wheel, 99999));
}

static void a_deadline_many_turns_away_is_not_due_before(void **state)
{
    (void)state;
    struct wheel_node node = {0};
    int64_t turn_ms = WHEEL_TICK_MS * WHEEL_SLOTS, due_ms = 5 * turn_ms + 777;
    wheel_init(&wheel, 0);
    wheel_set(&wheel, &node, due_ms);
    for (int64_t now_ms = 0; now_ms < due_ms; now_ms += 7777)
        assert_null(wheel_pop(&wheel, now_ms));
    assert_ptr_equal(wheel_pop(&wheel, due_ms), &node);
}

static void a_sleep_of_many_turns_loses_nothing(void **state)
{
    (void)state;
    struct wheel_node nodes[3] = {0};
    int64_t turn_ms = WHEEL_TICK_MS * WHEEL_SLOTS;
    wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++)
        wheel_set(&wheel, &nodes[i], 1000 + i * turn_ms);
    int found = 0;
    while (wheel_pop(&wheel, 100 * turn_ms) != NULL)
        found++;
    assert_int_equal(found, 3);
}

/* Against the plain truth: after each step of time exactly the nodes that are due come out, and the
 * wheel never asks to be left alone beyond the next one (and one tick). */
static void random_deadlines_come_when_they_are_due(void **state)
{
    (void)state;
    static struct wheel_node nodes[NODES];
    unsigned seed = (unsigned)time(NULL);
    print_message("# seed %u\n", seed);
    srandom(seed);
    memset(nodes, 0, sizeof nodes);
    int64_t now_ms = 1000;
    wheel_init(&wheel, now_ms);
    for (int step = 0; step < 400; step++) {
        for (int i = 0; i < 50; i++) {
            struct wheel_node *node = &nodes[random() % NODES];
            if (random() % 5 == 0)
                wheel_clear(&wheel, node);
            else
                wheel_set(&wheel, node, now_ms + random() % 200000);
        }
        int64_t next_ms = INT64_MAX;
        for (int i = 0; i < NODES; i++)
            if (nodes[i].next != NULL && nodes[i].due_ms < next_ms)
                next_ms = nodes[i].due_ms;
        int wait_ms = wheel_wait_ms(&wheel, now_ms);
        assert_true(wait_ms <= (next_ms > now_ms ? next_ms - now_ms : 0) + WHEEL_TICK_MS);
        now_ms += random() % 3000;
        for (struct wheel_node *node; (node = wheel_pop(&wheel, now_ms)) != NULL;)
            assert_true(node->due_ms <= now_ms);
        for (int i = 0; i < NODES; i++)
            assert_true(nodes[i].next == NULL || nodes[i].due_ms > now_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_wheel_waits_for_nothing),
        cmocka_unit_test(a_node_that_is_in_no_wheel_may_be_cleared),
        cmocka_unit_test(a_deadline_in_the_past_is_due_at_once),
        cmocka_unit_test(a_moved_deadline_is_due_once),
        cmocka_unit_test(a_deadline_many_turns_away_is_not_due_before),
        cmocka_unit_test(a_sleep_of_many_turns_loses_nothing),
        cmocka_unit_test(random_deadlines_come_when_they_are_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
