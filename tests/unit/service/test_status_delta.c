/* What whoever follows the deltas holds equals the image, whatever changes and however little one
 * delta can say. */
#include <service/status_delta.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARDS 3
#define HIGH_MAX 4096

/* An image without a service: shards of one space, and what a reader of its deltas holds. */
struct scene {
    struct status_image image;
    uint8_t held[SHARDS][HIGH_MAX];
    uint32_t held_high[SHARDS];
    size_t deltas, octets;
};

static struct status_space space_of(size_t at)
{
    return (struct status_space){.issuer = 2, .expiry_class = 30, .shard = (uint16_t)at};
}

static void add_shard(struct scene *scene)
{
    struct status_image *image = &scene->image;
    struct status_shard *shards = reallocarray(image->shards, image->n + 1, sizeof *shards);
    assert_non_null(shards);
    image->shards = shards;
    image->max = image->n + 1;
    shards[image->n] = (struct status_shard){.space = space_of(image->n),
                                             .octets = calloc(1, status_octets(HIGH_MAX)),
                                             .room = status_octets(HIGH_MAX)};
    image->n++;
}

/* As put_status() of status.c does. */
static void put(struct scene *scene, size_t at, uint32_t index, enum status status)
{
    struct status_shard *shard = &scene->image.shards[at];
    for (; shard->high <= index; shard->high++)
        status_put(shard->octets, shard->high, STATUS_INVALID);
    scene->image.has_news |= shard->told < shard->high;
    if (status_at(shard->octets, index) == status)
        return;
    status_put(shard->octets, index, status);
    if (index < shard->told)
        status_note_news(&scene->image, shard->space, index, status);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    for (size_t i = 0; i < SHARDS; i++)
        add_shard(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    status_image_free(&scene->image);
    free(scene);
    return 0;
}

/* The reader's half, by the rules of wire/feed.h. */
static void apply(struct scene *scene, struct bytes spaces)
{
    struct feed_space space;
    struct reader walk = feed_walk(spaces);
    while (feed_next_space(&walk, &space)) {
        size_t at = space.space.shard;
        struct feed_change change;
        struct reader changes = reader_of(space.changes);
        assert_true(at < SHARDS && space.high >= scene->held_high[at]); /* marks never fall */
        for (uint32_t i = scene->held_high[at]; i < space.high; i++)
            scene->held[at][i] = STATUS_VALID;
        scene->held_high[at] = space.high;
        while (feed_next_change(&changes, &change))
            scene->held[at][change.index] = (uint8_t)change.status;
    }
}

/* One delta through the codec, which checks the order of all in it. */
static void tell(struct scene *scene, size_t room)
{
    uint8_t octets[4096], payload_room[8192];
    static const uint8_t root[FEED_HASH_N];
    struct buf spaces = buf_over(octets, room),
               payload = buf_over(payload_room, sizeof payload_room);
    struct feed_delta read;
    struct err err = {0};
    const char *why = NULL;
    assert_int_equal(status_delta_write(&scene->image, &spaces, &err), OK);
    assert_true(buf_ok(&spaces));
    feed_delta_write(&payload, &(struct feed_delta){.from = scene->deltas + 1,
                                                    .to = scene->deltas + 2,
                                                    .ledger_root = bytes_of(root, sizeof root),
                                                    .streams = bytes_text("\x80"),
                                                    .spaces = buf_bytes(&spaces)});
    assert_true(buf_ok(&payload));
    assert_true(feed_delta_read(buf_bytes(&payload), &read, &why));
    apply(scene, read.spaces);
    scene->deltas++;
    scene->octets += spaces.n;
}

static void check_held(struct scene *scene)
{
    assert_false(scene->image.has_news);
    assert_false(scene->image.is_urgent);
    for (size_t at = 0; at < SHARDS; at++) {
        const struct status_shard *shard = &scene->image.shards[at];
        assert_int_equal(scene->held_high[at], shard->high);
        for (uint32_t i = 0; i < shard->high; i++)
            assert_int_equal(scene->held[at][i], status_at(shard->octets, i));
    }
}

static void without_a_shard_there_is_no_delta(void **state)
{
    (void)state;
    uint8_t octets[1024];
    struct status_image none = {0};
    struct buf spaces = buf_over(octets, sizeof octets);
    struct err err = {0};
    assert_int_equal(status_delta_write(&none, &spaces, &err), R_LIMIT);
}

static void more_news_than_can_wait_are_lost_and_said_so(void **state)
{
    struct scene *scene = *state;
    put(scene, 0, 0, STATUS_VALID);
    status_tell_all(&scene->image);
    for (int i = 0; i <= STATUS_NEWS_MAX; i++)
        status_note_news(&scene->image, space_of(0), 0, STATUS_INVALID);
    assert_true(scene->image.is_news_lost);
    assert_int_equal(scene->image.news_max, STATUS_NEWS_MAX);
    status_tell_all(&scene->image);
    assert_false(scene->image.is_news_lost);
    assert_false(scene->image.has_news);
}

static void a_new_certificate_is_a_mark_and_nothing_more(void **state)
{
    struct scene *scene = *state;
    for (uint32_t i = 0; i < 1000; i++)
        put(scene, 0, i, STATUS_VALID);
    assert_true(scene->image.has_news);
    assert_false(scene->image.is_urgent);
    tell(scene, 1024);
    check_held(scene);
    assert_true(scene->octets < 16);
}

static void what_was_passed_over_is_told_invalid(void **state)
{
    struct scene *scene = *state;
    put(scene, 1, 5, STATUS_VALID);
    tell(scene, 1024);
    check_held(scene);
    assert_int_equal(scene->held[1][4], STATUS_INVALID);
    assert_int_equal(scene->held[1][5], STATUS_VALID);
}

static void only_what_takes_a_told_trust_away_is_urgent(void **state)
{
    struct scene *scene = *state;
    const enum status values[] = {STATUS_SUPERSEDED, STATUS_VALID, STATUS_SUSPENDED, STATUS_VALID,
                                  STATUS_INVALID};
    put(scene, 0, 0, STATUS_VALID);
    put(scene, 0, 0, STATUS_SUSPENDED); /* nobody was told that it was valid */
    put(scene, 0, 0, STATUS_VALID);
    assert_false(scene->image.is_urgent);
    tell(scene, 1024);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        put(scene, 0, 0, values[i]);
        assert_true(scene->image.has_news);
        assert_int_equal(scene->image.is_urgent,
                         values[i] == STATUS_SUSPENDED || values[i] == STATUS_INVALID);
        tell(scene, 1024);
        check_held(scene);
        assert_int_equal(scene->held[0][0], values[i]);
    }
}

static void what_does_not_fit_comes_next_and_stays_urgent(void **state)
{
    struct scene *scene = *state;
    for (uint32_t i = 0; i < 2000; i++)
        put(scene, i % 2, i / 2, STATUS_VALID);
    tell(scene, 1024);
    for (uint32_t i = 0; i < 2000; i++)
        put(scene, i % 2, i / 2, STATUS_INVALID);
    size_t before = scene->deltas;
    for (int i = 0; i < 6; i++) {
        assert_true(scene->image.is_urgent);
        tell(scene, 1024);
    }
    while (scene->image.has_news)
        tell(scene, 1024);
    check_held(scene);
    assert_int_equal(scene->deltas - before, 7); /* 6,000 octets of changes, 983 at a time */
}

/* Said again, though nothing is new: a catalogue wants a generation of its own. */
static void a_delta_is_never_empty(void **state)
{
    struct scene *scene = *state;
    put(scene, 0, 7, STATUS_VALID);
    tell(scene, 1024);
    tell(scene, 1024);
    check_held(scene);
}

static void who_begins_with_lists_is_told_nothing_twice(void **state)
{
    struct scene *scene = *state;
    put(scene, 2, 9, STATUS_VALID);
    status_tell_all(&scene->image);
    assert_false(scene->image.has_news);
    assert_int_equal(scene->image.shards[2].told, 10);
    put(scene, 2, 3, STATUS_VALID);
    assert_int_equal(scene->image.news_n, 1);
}

/* A shard whose class has ended takes its news with it. */
static void news_of_a_shard_that_is_gone_are_dropped(void **state)
{
    struct scene *scene = *state;
    for (size_t at = 0; at < SHARDS; at++)
        put(scene, at, 0, STATUS_VALID);
    tell(scene, 1024);
    for (size_t at = 0; at < SHARDS; at++)
        put(scene, at, 0, STATUS_INVALID);
    free(scene->image.shards[0].octets);
    free(scene->image.shards[2].octets);
    scene->image.shards[0] = scene->image.shards[1];
    scene->image.n = 1;
    tell(scene, 1024);
    assert_false(scene->image.has_news);
    assert_int_equal(scene->held[0][0], STATUS_VALID);
    assert_int_equal(scene->held[1][0], STATUS_INVALID);
}

/* Random acts, told now and then by small deltas: in the end the reader holds the image. */
static void a_reader_of_random_deltas_holds_the_image(void **state)
{
    struct scene *scene = *state;
    unsigned seed = 20261201;
    for (int i = 0; i < 200000; i++) {
        uint32_t random = (uint32_t)rand_r(&seed);
        uint32_t index = random / 16 % (1 + (uint32_t)i / 50);
        put(scene, random % SHARDS, index % HIGH_MAX, (enum status)(random / 4 % 4));
        if (random % 37 == 0)
            tell(scene, 1024 + random % 512);
    }
    while (scene->image.has_news)
        tell(scene, 1024);
    check_held(scene);
    assert_true(scene->held_high[0] > HIGH_MAX / 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(without_a_shard_there_is_no_delta),
        CASE(more_news_than_can_wait_are_lost_and_said_so),
        CASE(a_new_certificate_is_a_mark_and_nothing_more),
        CASE(what_was_passed_over_is_told_invalid),
        CASE(only_what_takes_a_told_trust_away_is_urgent),
        CASE(what_does_not_fit_comes_next_and_stays_urgent),
        CASE(a_delta_is_never_empty),
        CASE(who_begins_with_lists_is_told_nothing_twice),
        CASE(news_of_a_shard_that_is_gone_are_dropped),
        CASE(a_reader_of_random_deltas_holds_the_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
