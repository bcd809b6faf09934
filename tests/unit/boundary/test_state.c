// What a boundary keeps, and what it takes of it again; who is watched.
#include "yard.h"

#include <base/file.h>
#include <wire/watch.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct yard yard;

static int open_yard(void **state)
{
    (void)state;
    yard_open(&yard);
    return 0;
}

static int close_yard(void **state)
{
    (void)state;
    yard_close(&yard);
    return 0;
}

static void a_floor_that_is_not_as_it_was_written_is_refused(void **state)
{
    (void)state;
    const struct state copy = yard.boundary->state, *folder = &copy;
    struct floor floor = {9, 100, 50, 7, {1, 2, 3}}, back = {0};
    struct err err = {0};
    CLEANUP(blob_free) struct blob text = {0};
    assert_int_equal(floor_read(folder, &back, &err), OK);
    assert_int_equal(back.status, 0);
    assert_int_equal(floor_write(folder, &floor, &err), OK);
    assert_int_equal(floor_read(folder, &back, &err), OK);
    assert_memory_equal(&back, &floor, sizeof floor);
    struct state_path path = state_file(folder, "floor");
    struct stat seen;
    assert_int_equal(stat(path.text, &seen), 0);
    assert_int_equal(seen.st_mode & 0777, 0600);
    assert_int_equal(file_read(path.text, 1024, &text, &err), OK);
    boundary_close(yard.boundary);
    yard.boundary = NULL;
    for (size_t n = 0; n < text.n; n++) {
        struct boundary *opened = NULL;
        const struct boundary_settings settings = {.state = yard.folder};
        assert_int_equal(file_write(path.text, 0600, bytes_of(text.p, n), &err), OK);
        assert_int_not_equal(boundary_open(&settings, &opened, &err), OK);
        assert_int_equal(err.code, E_SYNTAX);
    }
}

static void a_folder_is_one_processes_until_it_is_closed(void **state)
{
    (void)state;
    struct boundary *opened = NULL;
    struct err err = {0};
    const struct boundary_settings settings = {.state = yard.folder};
    assert_int_not_equal(boundary_open(&settings, &opened, &err), OK);
    assert_int_equal(err.code, E_CONFLICT);
    assert_null(opened);
    boundary_close(yard.boundary);
    yard.boundary = NULL;
    assert_int_equal(boundary_open(&settings, &yard.boundary, &err), OK);
}

static void a_folder_without_a_boundary_is_told(void **state)
{
    (void)state;
    struct boundary *opened = NULL;
    struct err err = {0};
    struct boundary_settings settings = {.state = "/nowhere/at/all"};
    assert_int_not_equal(boundary_open(&settings, &opened, &err), OK);
    assert_int_equal(err.code, E_NOT_FOUND);
    settings.state = "";
    assert_int_not_equal(boundary_open(&settings, &opened, &err), OK);
    assert_int_equal(err.code, E_USAGE);
    assert_null(opened);
}

static void a_log_key_with_a_lost_character_is_refused(void **state)
{
    (void)state;
    struct seal_key key;
    struct err err = {0};
    char text[STATE_TEXT_MAX];
    snprintf(text, sizeof text, "%s", yard.boundary->state.log_key);
    size_t n = strlen(text);
    assert_int_equal(seal_read_key(bytes_of(text, n), &key, &err), OK);
    for (size_t i = 0; i < n; i++) {
        char was = text[i];
        text[i] = was == 'Z' ? 'Y' : 'Z';
        assert_int_not_equal(seal_read_key(bytes_of(text, n), &key, &err), OK);
        text[i] = was;
        assert_int_not_equal(seal_read_key(bytes_of(text, i), &key, &err), OK);
    }
}

static void an_older_session_is_watched_until_it_was_reported(void **state)
{
    (void)state;
    uint8_t items_memory[64], body[80];
    struct buf items = buf_over(items_memory, sizeof items_memory), b = buf_over(body, sizeof body);
    struct boundary_identity one = yard_identity(1), other = yard_identity(2);
    struct boundary *boundary = yard.boundary;
    struct err err = {0};
    yard_stand(&yard);
    cbor_write_array(&items, 1);
    watch_put(&items, &(struct watch_item){one.issuer, {one.serial, sizeof one.serial}});
    watch_write(&b, buf_bytes(&items));
    buf_put_bytes(&yard.body, buf_bytes(&b));
    assert_false(boundary_is_watched(boundary, &one, 0));
    assert_int_equal(yard_apply(&yard, &err), OK);
    assert_true(boundary_is_watched(boundary, &one, yard_monotonic_us - 1));
    assert_false(boundary_is_watched(boundary, &one, yard_monotonic_us));
    assert_false(boundary_is_watched(boundary, &other, 0));
    const struct boundary_event event = {.kind = BOUNDARY_REPORT_ACTIVE, .identity = &one};
    boundary_report(boundary, &event);
    assert_false(boundary_is_watched(boundary, &one, 0));
    struct boundary_standing standing;
    boundary_stand(boundary, &standing);
    assert_int_equal(standing.events_waiting, 1);
    assert_true(standing.status_generation == 100 && standing.service_generation == 50);
    assert_true(standing.shards == 1 && standing.octets > 0 && standing.age_ms == 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_yard, close_yard)
    const struct CMUnitTest tests[] = {
        CASE(a_floor_that_is_not_as_it_was_written_is_refused),
        CASE(a_folder_is_one_processes_until_it_is_closed),
        CASE(a_folder_without_a_boundary_is_told),
        CASE(a_log_key_with_a_lost_character_is_refused),
        CASE(an_older_session_is_watched_until_it_was_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
