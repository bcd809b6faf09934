// Events that wait to be reported: bounded, the urgent ones before and instead of admissions.
#include "queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S 1000000 /* microseconds */

static struct queue queue;
static uint8_t memory[BOUNDARY_REPORT_MAX], whole[BOUNDARY_REPORT_MAX];

static int open_queue(void **state)
{
    (void)state;
    struct err err = {0};
    queue = (struct queue){0};
    return queue_init(&queue, &err) == OK ? 0 : 1;
}

static int close_queue(void **state)
{
    (void)state;
    queue_free(&queue);
    return 0;
}

static void put(enum boundary_report_kind kind, uint32_t number, int64_t now_us)
{
    struct boundary_identity identity = {.issuer = 3};
    identity.serial[14] = (uint8_t)(number >> 8);
    identity.serial[15] = (uint8_t)number;
    identity.serial[13] = (uint8_t)(number >> 16);
    const struct boundary_event event = {.kind = kind,
                                         .identity = &identity,
                                         .service = bytes_text("api"),
                                         .reason = BOUNDARY_ADMITTED};
    queue_put(&queue, &event, now_us / 1000, now_us);
}

/* The items of the next batch, as the server reads them. */
static size_t take(struct boundary_report_item *ret, size_t max, bool is_taken)
{
    struct buf items = buf_over(memory, sizeof memory), b = buf_over(whole, sizeof whole);
    struct queue_batch batch = queue_batch(&queue, &items);
    struct boundary_report report = {.items = buf_bytes(&items)}, back;
    const char *why = NULL;
    size_t n = 0;
    boundary_report_write(&b, &report);
    if (!boundary_report_read(buf_bytes(&b), &back, &why))
        fail_msg("%s", why);
    struct reader walk = boundary_report_walk(back.items);
    struct boundary_report_item item;
    while (boundary_report_next(&walk, &item))
        if (n++ < max)
            ret[n - 1] = item;
    if (is_taken)
        queue_drop(&queue, batch, false, 0);
    return n;
}

static void nobody_is_reported_who_was_not_verified(void **state)
{
    (void)state;
    const struct boundary_identity nobody = {0};
    struct boundary_event event = {.kind = BOUNDARY_REPORT_REFUSED, .identity = &nobody};
    queue_put(&queue, &event, 1, 1);
    event.identity = NULL;
    queue_put(&queue, &event, 1, 1);
    event.kind = BOUNDARY_REPORT_NONE;
    queue_put(&queue, &event, 1, 1);
    assert_int_equal(take(NULL, 0, true), 0);
    event.kind = BOUNDARY_REPORT_FORK;
    queue_put(&queue, &event, 1, 1);
    struct boundary_report_item item;
    assert_int_equal(take(&item, 1, true), 1);
    assert_true(item.kind == BOUNDARY_REPORT_FORK && item.issuer == 0);
}

static void what_is_urgent_goes_first_and_soon(void **state)
{
    (void)state;
    struct boundary_report_item items[2];
    assert_false(queue_is_due(&queue, 100 * S));
    put(BOUNDARY_REPORT_ADMITTED, 1, 100 * S);
    assert_false(queue_is_due(&queue, 100 * S + S / 2));
    assert_true(queue_is_due(&queue, 101 * S));
    put(BOUNDARY_REPORT_OPENED, 2, 100 * S);
    assert_false(queue_is_due(&queue, 100 * S + S / 20));
    assert_true(queue_is_due(&queue, 100 * S + S / 10));
    assert_int_equal(take(items, 2, false), 2);
    assert_int_equal(items[0].kind, BOUNDARY_REPORT_OPENED);
    assert_int_equal(items[1].kind, BOUNDARY_REPORT_ADMITTED);
    assert_int_equal(take(items, 2, true), 2); /* nobody took them: they are said again */
    assert_int_equal(take(items, 2, true), 0);
    assert_false(queue_is_due(&queue, 200 * S));
}

static void one_certificate_is_told_once_in_ten_seconds(void **state)
{
    (void)state;
    for (int64_t at = 0; at < 10; at++)
        put(BOUNDARY_REPORT_ADMITTED, 1, 100 * S + at * S);
    put(BOUNDARY_REPORT_REFUSED, 1, 100 * S);
    put(BOUNDARY_REPORT_ADMITTED, 2, 100 * S);
    put(BOUNDARY_REPORT_OPENED, 1, 100 * S);
    put(BOUNDARY_REPORT_OPENED, 1, 100 * S); /* sessions are told each */
    put(BOUNDARY_REPORT_ADMITTED, 1, 110 * S);
    assert_int_equal(take(NULL, 0, true), 6);
}

static void admissions_push_out_admissions_alone(void **state)
{
    (void)state;
    struct boundary_report_item items[QUEUE_BATCH_MAX];
    uint64_t waiting = 0, lost = 0;
    for (uint32_t i = 0; i < 10; i++)
        put(BOUNDARY_REPORT_CLOSED, i, S);
    for (uint32_t i = 0; i < QUEUE_CALM_MAX + 5; i++)
        put(BOUNDARY_REPORT_ADMITTED, i, S);
    queue_count(&queue, &waiting, &lost);
    assert_int_equal(waiting, QUEUE_CALM_MAX + 10);
    assert_int_equal(lost, 5);
    assert_int_equal(take(items, QUEUE_BATCH_MAX, true), QUEUE_BATCH_MAX);
    assert_int_equal(items[9].kind, BOUNDARY_REPORT_CLOSED);
    assert_int_equal(items[10].kind, BOUNDARY_REPORT_ADMITTED);
    assert_int_equal(items[10].serial.p[15], 5); /* the five oldest went */
    for (uint32_t i = 0; i < QUEUE_URGENT_MAX + 3; i++)
        put(BOUNDARY_REPORT_CLOSED, i, S);
    queue_count(&queue, &waiting, &lost);
    assert_int_equal(lost, 8);
}

static void a_batch_that_lost_some_meanwhile_takes_no_others(void **state)
{
    (void)state;
    struct buf items = buf_over(memory, sizeof memory);
    uint64_t waiting = 0, lost = 0;
    for (uint32_t i = 0; i < QUEUE_CALM_MAX; i++)
        put(BOUNDARY_REPORT_ADMITTED, i, S);
    struct queue_batch batch = queue_batch(&queue, &items);
    for (uint32_t i = 0; i < 100; i++)
        put(BOUNDARY_REPORT_ADMITTED, QUEUE_CALM_MAX + i, S);
    queue_drop(&queue, batch, false, 2 * S);
    queue_count(&queue, &waiting, &lost);
    assert_int_equal(lost, 100);
    assert_int_equal(waiting, QUEUE_CALM_MAX + 100 - QUEUE_BATCH_MAX);
}

static void what_found_no_room_is_told_when_there_is_some(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUEUE_URGENT_MAX; i++)
        put(BOUNDARY_REPORT_CLOSED, i, S);
    put(BOUNDARY_REPORT_REFUSED, 1, S);
    while (take(NULL, 0, true) > 0)
        ;
    put(BOUNDARY_REPORT_REFUSED, 1, 2 * S);
    put(BOUNDARY_REPORT_REFUSED, 1, 3 * S);
    assert_int_equal(take(NULL, 0, true), 1);
}

static void a_batch_that_nobody_will_take_is_lost_and_counted(void **state)
{
    (void)state;
    struct buf items = buf_over(memory, sizeof memory);
    uint64_t waiting = 0, lost = 0;
    for (uint32_t i = 0; i < 3; i++)
        put(BOUNDARY_REPORT_CLOSED, i, S);
    for (uint32_t i = 0; i < 4; i++)
        put(BOUNDARY_REPORT_ADMITTED, i, S);
    queue_drop(&queue, queue_batch(&queue, &items), true, 2 * S);
    queue_count(&queue, &waiting, &lost);
    assert_int_equal(waiting, 0);
    assert_int_equal(lost, 7);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_queue, close_queue)
    const struct CMUnitTest tests[] = {
        CASE(nobody_is_reported_who_was_not_verified),
        CASE(what_is_urgent_goes_first_and_soon),
        CASE(one_certificate_is_told_once_in_ten_seconds),
        CASE(admissions_push_out_admissions_alone),
        CASE(a_batch_that_lost_some_meanwhile_takes_no_others),
        CASE(what_found_no_room_is_told_when_there_is_some),
        CASE(a_batch_that_nobody_will_take_is_lost_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
