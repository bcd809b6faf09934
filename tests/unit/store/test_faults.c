/* What the system's failures do: design 5, Time, and design 9. */
#include "faulty_vfs.h"

#include <store/store.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[64], path[96];
    struct store *store;
    struct err err;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/troth-faults-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/troth.db", place->folder);
    faulty_vfs_install();
    assert_int_equal(store_open(place->path, STORE_WRITE, &place->store, &place->err), OK);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    store_close(place->store);
    faulty_vfs_remove();
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", place->path, ends[i]);
        unlink(path);
    }
    rmdir(place->folder);
    free(place);
    return 0;
}

static enum result put(struct place *place, const char *name)
{
    enum result result = store_begin(place->store, &place->err);
    if (result != OK)
        return result;
    result = store_put_meta(place->store, name, 1, &place->err);
    if (result == OK)
        return store_commit(place->store, &place->err);
    store_rollback(place->store);
    return result;
}

static bool has(struct place *place, const char *name)
{
    int64_t value = 0;
    enum result result = store_meta(place->store, name, &value, &place->err);
    assert_true(result == OK || result == R_NOT_FOUND);
    return result == OK;
}

static void every_commit_is_synced_once(void **state)
{
    struct place *place = *state;
    assert_int_equal(put(place, "first"), OK); /* also the log's header */
    faults.sync_fails = 1000;                  /* count them */
    assert_int_equal(put(place, "second"), OK);
    assert_int_equal(faults.syncs, 1);
}

static void after_a_failed_sync_the_process_must_exit(void **state)
{
    struct place *place = *state;
    assert_int_equal(put(place, "before"), OK);
    faults.sync_fails = 0;
    assert_int_equal(put(place, "lost"), R_IO);
    assert_int_equal(place->err.code, E_STORE);
    assert_true(store_must_exit(place->store));
    faults.sync_fails = -1; /* the disk says that it is well again: nobody believes it */
    assert_int_equal(put(place, "after"), R_IO);
    assert_true(store_must_exit(place->store));
}

static void after_a_failed_write_the_process_must_exit(void **state)
{
    struct place *place = *state;
    faults.write_fails = 1;
    assert_int_equal(put(place, "lost"), R_IO);
    assert_true(store_must_exit(place->store));
}

static void after_a_failed_sync_of_a_checkpoint_the_process_must_exit(void **state)
{
    struct place *place = *state;
    assert_int_equal(put(place, "before"), OK);
    faults.sync_fails = 0;
    assert_int_equal(store_checkpoint(place->store, &place->err), R_IO);
    assert_true(store_must_exit(place->store));
}

static void a_full_disk_is_over_when_there_is_room(void **state)
{
    struct place *place = *state;
    assert_int_equal(put(place, "before"), OK);
    faults.disk_is_full = 1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(put(place, "lost"), R_IO);
        assert_int_equal(place->err.code, E_STORE);
        assert_non_null(strstr(place->err.text, "full"));
        assert_false(store_must_exit(place->store));
    }
    assert_true(has(place, "before"));
    assert_false(has(place, "lost"));
    faults.disk_is_full = 0;
    assert_int_equal(put(place, "after"), OK);
    assert_true(has(place, "after"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(after_a_failed_sync_the_process_must_exit),
        TEST(after_a_failed_write_the_process_must_exit),
        TEST(after_a_failed_sync_of_a_checkpoint_the_process_must_exit),
        TEST(a_full_disk_is_over_when_there_is_room),
        TEST(every_commit_is_synced_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
