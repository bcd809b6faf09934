// The status stream: deltas, heartbeats, catalogues, and what breaks their rules.
#include <wire/feed.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t root[FEED_HASH_N] = {1, 2, 3};

/* A delta in the making: its items have room of their own. */
struct draft {
    uint8_t streams_space[256], spaces_space[512], changes_space[64], whole[1024];
    struct buf streams, spaces;
    struct feed_delta delta;
};

static void begin(struct draft *draft, size_t streams_n, size_t spaces_n)
{
    draft->streams = buf_over(draft->streams_space, sizeof draft->streams_space);
    draft->spaces = buf_over(draft->spaces_space, sizeof draft->spaces_space);
    cbor_write_array(&draft->streams, streams_n);
    cbor_write_array(&draft->spaces, spaces_n);
    draft->delta = (struct feed_delta){.from = 6,
                                       .to = 7,
                                       .at_s = 100,
                                       .ledger_size = 50,
                                       .ledger_root = bytes_of(root, sizeof root)};
}

static void add_space(struct draft *draft, struct status_space space, uint32_t high,
                      const struct feed_change *changes, size_t n)
{
    struct buf b = buf_over(draft->changes_space, sizeof draft->changes_space);
    for (size_t i = 0; i < n; i++)
        feed_put_change(&b, &changes[i]);
    assert_true(buf_ok(&b));
    feed_put_space(&draft->spaces, &(struct feed_space){space, high, buf_bytes(&b)});
}

static struct bytes finish(struct draft *draft)
{
    struct buf b = buf_over(draft->whole, sizeof draft->whole);
    draft->delta.streams = buf_bytes(&draft->streams);
    draft->delta.spaces = buf_bytes(&draft->spaces);
    feed_delta_write(&b, &draft->delta);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void check_refused(struct draft *draft, const char *rule)
{
    struct feed_delta back = {0};
    const char *why = NULL;
    assert_false(feed_delta_read(finish(draft), &back, &why));
    assert_non_null(strstr(why, rule));
    assert_int_equal(back.to, 0);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct draft draft;
    struct feed_delta back;
    const char *why = NULL;
    static const struct feed_change changes[] = {{0, STATUS_INVALID},
                                                 {STATUS_SHARD_SIZE - 1, STATUS_SUPERSEDED}};
    begin(&draft, 2, 2);
    feed_put_stream(&draft.streams, &(struct feed_stream){3, 9});
    feed_put_stream(&draft.streams, &(struct feed_stream){4, 1});
    add_space(&draft, (struct status_space){2, 30, 0}, STATUS_SHARD_SIZE, changes, 2);
    add_space(&draft, (struct status_space){2, 30, 1}, 5, NULL, 0);
    assert_true(feed_delta_read(finish(&draft), &back, &why));
    assert_true(back.from == 6 && back.to == 7 && back.at_s == 100 && back.ledger_size == 50);
    assert_false(feed_delta_is_heartbeat(&back));

    struct reader streams = feed_walk(back.streams), spaces = feed_walk(back.spaces);
    struct feed_stream stream;
    assert_true(feed_next_stream(&streams, &stream) && stream.boundary == 3 &&
                stream.generation == 9);
    assert_true(feed_next_stream(&streams, &stream) && stream.boundary == 4 &&
                stream.generation == 1);
    assert_false(feed_next_stream(&streams, &stream));
    struct feed_space space;
    struct feed_change change;
    assert_true(feed_next_space(&spaces, &space) && space.high == STATUS_SHARD_SIZE);
    struct reader walk = reader_of(space.changes);
    assert_true(feed_next_change(&walk, &change) && change.index == 0 &&
                change.status == STATUS_INVALID);
    assert_true(feed_next_change(&walk, &change) && change.index == STATUS_SHARD_SIZE - 1);
    assert_int_equal(change.status, STATUS_SUPERSEDED);
    assert_false(feed_next_change(&walk, &change));
    assert_true(feed_next_space(&spaces, &space) && space.space.shard == 1 && space.changes.n == 0);
    assert_false(feed_next_space(&spaces, &space));
}

static void a_heartbeat_goes_nowhere_and_changes_nothing(void **state)
{
    (void)state;
    struct draft draft;
    struct feed_delta back;
    const char *why = NULL;
    begin(&draft, 0, 0);
    check_refused(&draft, "heartbeat");
    draft.delta.from = 7;
    assert_true(feed_delta_read(finish(&draft), &back, &why));
    assert_true(feed_delta_is_heartbeat(&back));
    begin(&draft, 0, 1);
    draft.delta.from = 7;
    add_space(&draft, (struct status_space){2, 30, 0}, 1, NULL, 0);
    check_refused(&draft, "heartbeat");
    begin(&draft, 0, 0);
    draft.delta.from = 8;
    check_refused(&draft, "later");
    draft.delta.from = draft.delta.to = 0;
    check_refused(&draft, "later");
}

static void everything_stands_in_order_and_once(void **state)
{
    (void)state;
    struct draft draft;
    static const struct feed_change twice[] = {{4, STATUS_INVALID}, {4, STATUS_VALID}};
    static const struct feed_change back[] = {{4, STATUS_INVALID}, {3, STATUS_INVALID}};
    static const struct feed_change high[] = {{5, STATUS_INVALID}};
    begin(&draft, 2, 0);
    feed_put_stream(&draft.streams, &(struct feed_stream){4, 9});
    feed_put_stream(&draft.streams, &(struct feed_stream){4, 9});
    check_refused(&draft, "by boundary");
    begin(&draft, 0, 2);
    add_space(&draft, (struct status_space){2, 30, 1}, 1, NULL, 0);
    add_space(&draft, (struct status_space){2, 30, 1}, 1, NULL, 0);
    check_refused(&draft, "spaces stand in order");
    begin(&draft, 0, 2);
    add_space(&draft, (struct status_space){2, 31, 0}, 1, NULL, 0);
    add_space(&draft, (struct status_space){2, 30, 1}, 1, NULL, 0);
    check_refused(&draft, "spaces stand in order");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){2, 30, 0}, 9, twice, 2);
    check_refused(&draft, "by index");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){2, 30, 0}, 9, back, 2);
    check_refused(&draft, "by index");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){2, 30, 0}, 5, high, 1);
    check_refused(&draft, "below the high-water mark");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){2, 30, 0}, STATUS_SHARD_SIZE + 1, NULL, 0);
    check_refused(&draft, "2^20");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){0, 30, 0}, 1, NULL, 0);
    check_refused(&draft, "issuer");
    begin(&draft, 0, 1);
    add_space(&draft, (struct status_space){1, 30, STATUS_SHARDS_MAX}, 1, NULL, 0);
    check_refused(&draft, "4096");
    begin(&draft, 0, 1);
    feed_put_space(&draft.spaces, &(struct feed_space){{1, 2, 3}, 9, bytes_text("\0\0")});
    check_refused(&draft, "three octets");
}

static void refuses_every_prefix_and_what_trails(void **state)
{
    (void)state;
    struct draft draft = {0};
    struct feed_delta back;
    const char *why = NULL;
    begin(&draft, 1, 1);
    feed_put_stream(&draft.streams, &(struct feed_stream){3, 9});
    add_space(&draft, (struct status_space){2, 30, 0}, 1, NULL, 0);
    struct bytes all = finish(&draft);
    assert_true(feed_delta_read(all, &back, &why));
    for (size_t n = 0; n < all.n; n++)
        assert_false(feed_delta_read(bytes_of(all.p, n), &back, &why));
    assert_false(feed_delta_read(bytes_of(all.p, all.n + 1), &back, &why));
    draft.delta.ledger_root.n = 31;
    check_refused(&draft, "32 octets");
    static uint8_t large[FEED_DELTA_MAX + 1];
    assert_false(feed_delta_read(bytes_of(large, sizeof large), &back, &why));
    assert_non_null(strstr(why, "32768"));
}

static struct bytes catalogue_of(const struct feed_list *lists, size_t n, uint8_t space[512])
{
    struct buf items = buf_over(space, 256), b = buf_over(space + 256, 256);
    cbor_write_array(&items, n);
    for (size_t i = 0; i < n; i++)
        feed_put_list(&items, &lists[i]);
    feed_catalogue_write(&b, &(struct feed_catalogue){7, 100, buf_bytes(&items)});
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void a_catalogue_names_each_list_once(void **state)
{
    (void)state;
    uint8_t space[512];
    struct feed_catalogue back;
    const char *why = NULL;
    struct bytes hash = bytes_of(root, sizeof root);
    struct feed_list lists[] = {{{2, 30, 0}, hash}, {{2, 30, 1}, hash}}, list;
    assert_true(feed_catalogue_read(catalogue_of(lists, 2, space), &back, &why));
    assert_true(back.generation == 7 && back.at_s == 100);
    struct reader walk = feed_walk(back.lists);
    assert_true(feed_next_list(&walk, &list) && list.space.shard == 0);
    assert_true(feed_next_list(&walk, &list) && list.space.shard == 1 &&
                bytes_equal(list.hash, hash));
    assert_false(feed_next_list(&walk, &list));
    lists[1].space.shard = 0;
    assert_false(feed_catalogue_read(catalogue_of(lists, 2, space), &back, &why));
    assert_non_null(strstr(why, "in order"));
    lists[0].hash.n = 31;
    assert_false(feed_catalogue_read(catalogue_of(lists, 1, space), &back, &why));
    assert_non_null(strstr(why, "32 octets"));
    struct bytes all = catalogue_of(lists, 0, space);
    assert_true(feed_catalogue_read(all, &back, &why));
    for (size_t n = 0; n < all.n; n++)
        assert_false(feed_catalogue_read(bytes_of(all.p, n), &back, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_heartbeat_goes_nowhere_and_changes_nothing),
        cmocka_unit_test(everything_stands_in_order_and_once),
        cmocka_unit_test(refuses_every_prefix_and_what_trails),
        cmocka_unit_test(a_catalogue_names_each_list_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
