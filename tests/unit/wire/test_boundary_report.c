// What boundaries report, and the watch item that they are sent.
#include "fixture.h"

#include <wire/boundary_report.h>
#include <wire/watch.h>

static const uint8_t octets[BOUNDARY_REPORT_HASH_N] = {9, 8, 7};

static struct boundary_report_item item_of(enum boundary_report_kind kind)
{
    return (struct boundary_report_item){
        .kind = kind,
        .issuer = 3,
        .serial = bytes_of(octets, BOUNDARY_REPORT_SERIAL_N),
        .spki_hash = bytes_of(octets, sizeof octets),
        .service = bytes_text("mqtt"),
        .at_ms = 1700000000123,
        .count = 2,
        .reason = BOUNDARY_SUSPENDED,
    };
}

static struct boundary_report head(void)
{
    return (struct boundary_report){.status_generation = 5,
                                    .service_generation = 6,
                                    .at_ms = 100,
                                    .ledger_size = 40,
                                    .ledger_root = bytes_of(octets, sizeof octets)};
}

static uint8_t memory[BOUNDARY_REPORT_MAX * 2], items_memory[BOUNDARY_REPORT_MAX * 2];

static struct bytes written(struct boundary_report report, const struct boundary_report_item *items,
                            size_t n)
{
    struct buf b = buf_over(memory, sizeof memory);
    struct buf list = buf_over(items_memory, sizeof items_memory);
    cbor_write_array(&list, n);
    for (size_t i = 0; i < n; i++)
        boundary_report_put(&list, &items[i]);
    report.items = buf_bytes(&list);
    boundary_report_write(&b, &report);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void check_refused(const struct boundary_report_item *item, const char *rule)
{
    struct boundary_report back = {0};
    const char *why = NULL;
    assert_false(boundary_report_read(written(head(), item, 1), &back, &why));
    assert_why(why, rule);
    assert_int_equal(back.status_generation, 0);
}

static void refuses_every_prefix_and_what_trails(void **state)
{
    (void)state;
    struct boundary_report back;
    const char *why = NULL;
    struct boundary_report_item item = item_of(BOUNDARY_REPORT_ADMITTED);
    struct bytes all = written(head(), &item, 1);
    for (size_t n = 0; n < all.n; n++)
        assert_false(boundary_report_read(bytes_of(all.p, n), &back, &why));
    memory[all.n] = 0;
    assert_false(boundary_report_read(bytes_of(all.p, all.n + 1), &back, &why));
}

static void refuses_items_that_no_boundary_has(void **state)
{
    (void)state;
    struct boundary_report_item item = item_of(BOUNDARY_REPORT_NONE);
    check_refused(&item, "kind");
    item.kind = BOUNDARY_REPORT_KIND_COUNT;
    check_refused(&item, "kind");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.issuer = 0;
    check_refused(&item, "issuer's number");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.serial.n = 15;
    check_refused(&item, "16 octets");
    item = item_of(BOUNDARY_REPORT_FORK);
    check_refused(&item, "of a fork or start none");
    item.issuer = 0;
    check_refused(&item, "of a fork or start none");
    item = item_of(BOUNDARY_REPORT_STARTED);
    check_refused(&item, "of a fork or start none");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.spki_hash.n = 1;
    check_refused(&item, "32 octets or none");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.count = 0;
    check_refused(&item, "count");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.reason = BOUNDARY_REASON_COUNT;
    check_refused(&item, "reason");
    item = item_of(BOUNDARY_REPORT_REFUSED);
    item.service = bytes_of(memory, 65);
    memset(memory, 'a', 65);
    check_refused(&item, "64 octets");
    static const uint8_t split[] = {'a', 0, 'b'};
    item.service = bytes_of(split, sizeof split);
    check_refused(&item, "control characters");
}

static void refuses_more_than_a_report_holds(void **state)
{
    (void)state;
    static struct boundary_report_item items[BOUNDARY_REPORT_ITEMS_MAX + 1];
    struct boundary_report back;
    const char *why = NULL;
    for (size_t i = 0; i < BOUNDARY_REPORT_ITEMS_MAX + 1; i++)
        items[i] = item_of(BOUNDARY_REPORT_ADMITTED);
    struct bytes most = written(head(), items, BOUNDARY_REPORT_ITEMS_MAX);
    assert_true(most.n <= BOUNDARY_REPORT_MAX);
    assert_true(boundary_report_read(most, &back, &why));
    assert_false(
        boundary_report_read(written(head(), items, BOUNDARY_REPORT_ITEMS_MAX + 1), &back, &why));
    assert_why(why, "512");
    struct boundary_report none = head();
    none.ledger_size = 0;
    assert_false(boundary_report_read(written(none, NULL, 0), &back, &why));
    assert_why(why, "of size 0 none");
    none.ledger_root.n = 0;
    assert_true(boundary_report_read(written(none, NULL, 0), &back, &why));
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct boundary_report back;
    struct boundary_report_item item;
    const char *why = NULL;
    struct boundary_report_item items[] = {item_of(BOUNDARY_REPORT_CUT),
                                           {.kind = BOUNDARY_REPORT_FORK, .count = 1},
                                           {.kind = BOUNDARY_REPORT_STARTED, .count = 1}};
    assert_true(boundary_report_read(written(head(), items, 3), &back, &why));
    assert_true(back.status_generation == 5 && back.service_generation == 6 && back.at_ms == 100);
    assert_int_equal(back.ledger_size, 40);
    struct reader walk = boundary_report_walk(back.items);
    assert_true(boundary_report_next(&walk, &item) && item.kind == BOUNDARY_REPORT_CUT);
    assert_bytes(item.serial, items[0].serial);
    assert_bytes(item.spki_hash, items[0].spki_hash);
    assert_text(item.service, "mqtt");
    assert_true(item.issuer == 3 && item.count == 2 && item.reason == BOUNDARY_SUSPENDED);
    assert_true(item.at_ms == 1700000000123);
    assert_true(boundary_report_next(&walk, &item) && item.kind == BOUNDARY_REPORT_FORK);
    assert_true(boundary_report_next(&walk, &item) && item.kind == BOUNDARY_REPORT_STARTED);
    assert_false(boundary_report_next(&walk, &item));
}

static struct bytes watch_of(const struct watch_item *items, size_t n)
{
    struct buf list = buf_over(items_memory, sizeof items_memory);
    struct buf b = buf_over(memory, sizeof memory);
    cbor_write_array(&list, n);
    for (size_t i = 0; i < n; i++)
        watch_put(&list, &items[i]);
    watch_write(&b, buf_bytes(&list));
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void a_watch_item_names_certificates(void **state)
{
    (void)state;
    struct bytes back = {0};
    const char *why = NULL;
    struct watch_item items[] = {{3, bytes_of(octets, WATCH_SERIAL_N)},
                                 {4, bytes_of(octets + 1, WATCH_SERIAL_N)}};
    struct watch_item item;
    struct bytes all = watch_of(items, 2);
    for (size_t n = 0; n < all.n; n++)
        assert_false(watch_read(bytes_of(all.p, n), &back, &why));
    assert_true(watch_read(all, &back, &why));
    struct reader walk = watch_walk(back);
    assert_true(watch_next(&walk, &item) && item.issuer == 3);
    assert_true(watch_next(&walk, &item) && item.issuer == 4);
    assert_bytes(item.serial, items[1].serial);
    assert_false(watch_next(&walk, &item));
    assert_false(watch_read(watch_of(items, 0), &back, &why));
    assert_why(why, "1 to 1024");
    items[1].issuer = 0;
    assert_false(watch_read(watch_of(items, 2), &back, &why));
    assert_why(why, "issuer's number");
    items[0].serial.n = 8;
    assert_false(watch_read(watch_of(items, 1), &back, &why));
    assert_why(why, "16 octets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_prefix_and_what_trails),
        cmocka_unit_test(refuses_items_that_no_boundary_has),
        cmocka_unit_test(refuses_more_than_a_report_holds),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_watch_item_names_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
