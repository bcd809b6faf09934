#include "contract.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the factory ---- */

static const char *create(void)
{
    char *folder = strdup("/tmp/troth-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static const char *file_in(const char *folder, const char *end)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/troth.db%s", folder, end);
    return path;
}

static void remove_place(const char *place)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    for (size_t i = 0; i < LENGTH_OF(ends); i++)
        unlink(file_in(place, ends[i]));
    rmdir(place);
    free((void *)(uintptr_t)place);
}

static enum result open_place(const char *place, enum store_mode mode, struct store **ret_store,
                              struct err *err)
{
    return store_open(file_in(place, ""), mode, ret_store, err);
}

static const struct backend sqlite = {create, remove_place, open_place};

/* ---- what is SQLite's own ---- */

static void edit(struct contract *c, const char *sql)
{
    sqlite3 *db = NULL;
    char *words = NULL;
    assert_int_equal(sqlite3_open(file_in(c->place, ""), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
    sqlite3_close(db);
}

static void assert_open_fails(struct contract *c, enum store_mode mode, enum code code)
{
    struct store *store = NULL;
    c->err.code = E_NONE;
    assert_int_not_equal(open_place(c->place, mode, &store, &c->err), OK);
    assert_null(store);
    assert_int_equal(c->err.code, code);
}

static void a_newer_schema_is_refused(void **state)
{
    struct contract *c = *state;
    store_closep(&c->store);
    edit(c, "PRAGMA user_version = 1000");
    assert_open_fails(c, STORE_WRITE, E_SCHEMA);
    assert_open_fails(c, STORE_READ, E_SCHEMA);
}

static void a_migration_that_was_changed_is_refused(void **state)
{
    struct contract *c = *state;
    store_closep(&c->store);
    edit(c, "UPDATE migration SET digest = zeroblob(32) WHERE number = 1");
    assert_open_fails(c, STORE_WRITE, E_SCHEMA);
    assert_open_fails(c, STORE_READ, E_SCHEMA);
    edit(c, "DELETE FROM migration");
    assert_open_fails(c, STORE_WRITE, E_SCHEMA);
}

static void a_database_of_another_program_is_refused(void **state)
{
    struct contract *c = *state;
    store_closep(&c->store);
    unlink(file_in(c->place, ""));
    edit(c, "CREATE TABLE theirs (a); PRAGMA user_version = 1");
    assert_open_fails(c, STORE_WRITE, E_SCHEMA);
}

static void a_reader_makes_no_database(void **state)
{
    struct contract *c = *state;
    store_closep(&c->store);
    unlink(file_in(c->place, ""));
    assert_open_fails(c, STORE_READ, E_STORE);
    assert_false(file_exists(file_in(c->place, "")));
    edit(c, "PRAGMA journal_mode = WAL");
    assert_open_fails(c, STORE_READ, E_SCHEMA); /* nobody has migrated it */
}

static void damage(struct contract *c, off_t at, size_t n)
{
    uint8_t garbage[4096];
    memset(garbage, 0x5a, sizeof garbage);
    CLEANUP(fd_closep) int fd = open(file_in(c->place, ""), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, garbage, n, at), n);
}

static void what_is_not_a_database_is_damage(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    assert_ok(store_checkpoint(c->store, &c->err));
    store_closep(&c->store);
    unlink(file_in(c->place, "-wal"));
    damage(c, 0, 100);
    assert_open_fails(c, STORE_WRITE, E_STORE_CORRUPT);
    assert_open_fails(c, STORE_READ, E_STORE_CORRUPT);
}

static enum result ignore_line(void *ctx, const char *line, size_t n, struct err *err)
{
    (void)ctx, (void)line, (void)n, (void)err;
    return OK;
}

static void a_damaged_page_is_found_and_never_served(void **state)
{
    struct contract *c = *state;
    contract_fill(c);
    assert_ok(store_checkpoint(c->store, &c->err));
    store_closep(&c->store);
    unlink(file_in(c->place, "-wal"));
    for (off_t page = 2; page < 12; page++)
        damage(c, page * 4096, 4096);
    assert_ok(open_place(c->place, STORE_WRITE, &c->store, &c->err));
    assert_int_equal(store_dump(c->store, ignore_line, NULL, &c->err), R_CORRUPT);
    assert_int_equal(c->err.code, E_STORE_CORRUPT);
    assert_int_equal(store_check(c->store, &c->err), R_CORRUPT);
    assert_false(store_must_exit(c->store));
}

static void a_value_that_no_writer_wrote_is_damage(void **state)
{
    struct contract *c = *state;
    struct device device;
    contract_fill(c);
    edit(c, "UPDATE device SET owner = printf('%.100c', 'x') WHERE id = 1;"
            "UPDATE device SET state = -1 WHERE id = 2");
    assert_int_equal(store_device(c->store, 1, &device, &c->err), R_CORRUPT);
    assert_int_equal(store_device(c->store, 2, &device, &c->err), R_CORRUPT);
    assert_ok(store_device(c->store, 3, &device, &c->err));
}

static void files_are_for_owner_and_group_only(void **state)
{
    struct contract *c = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    contract_fill(c);
    for (size_t i = 0; i < LENGTH_OF(ends); i++) {
        struct stat st;
        assert_int_equal(stat(file_in(c->place, ends[i]), &st), 0);
        assert_int_equal(st.st_mode & 07, 0);
    }
}

static void finders_do_not_scan(void **state)
{
    struct contract *c = *state;
    static const char *const queries[] = {
        "SELECT 1 FROM device WHERE product = ? AND serial_number = ?",
        "SELECT 1 FROM device WHERE registered = ?",
        "SELECT 1 FROM certificate WHERE issuer IN (SELECT id FROM issuer)"
        " AND class = ? AND number = ? AND serial = ?",
        "SELECT 1 FROM certificate WHERE spki = ? AND credential = ? ORDER BY id DESC LIMIT 1",
        "SELECT 1 FROM certificate WHERE device = ? AND state IN (1, 2) ORDER BY id DESC LIMIT ?",
        "SELECT 1 FROM certificate WHERE device = ? AND anew = 1 AND not_before >= ?",
        "SELECT 1 FROM certificate WHERE device = ? AND state = 4 AND state_at >= ?",
        "SELECT 1 FROM certificate WHERE issuer = ? AND class = ? AND number BETWEEN ? AND ?"
        " AND state >= 3 AND not_after > ? ORDER BY number",
        "SELECT 1 FROM certificate WHERE (issuer, class, number) > (?, ?, ?)"
        " ORDER BY issuer, class, number LIMIT 1",
        "SELECT 1 FROM token WHERE device = ? AND state = 1",
        "SELECT 1 FROM permit WHERE device = ? AND state = 1",
        "SELECT 1 FROM finding WHERE device = ? AND ifnull(closed_at, 0) = 0",
        "SELECT 1 FROM entry WHERE device = ? AND device > 0 AND seq < ? ORDER BY seq DESC LIMIT ?",
        "SELECT 1 FROM next_instant WHERE instant <= ? ORDER BY instant, subject LIMIT ?",
    };
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(file_in(c->place, ""), &db), SQLITE_OK);
    for (size_t i = 0; i < LENGTH_OF(queries); i++) {
        char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", queries[i]);
        sqlite3_stmt *stmt = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *plan = (const char *)sqlite3_column_text(stmt, 3);
            if (strncmp(plan, "SCAN", 4) == 0 && strcmp(plan, "SCAN issuer") != 0)
                fail_msg("%s: %s", queries[i], plan);
        }
        sqlite3_finalize(stmt);
        sqlite3_free(sql);
    }
    sqlite3_close(db);
}

int main(void)
{
    int failed = contract_run(&sqlite);
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(a_newer_schema_is_refused),
        CONTRACT_TEST(a_migration_that_was_changed_is_refused),
        CONTRACT_TEST(a_database_of_another_program_is_refused),
        CONTRACT_TEST(a_reader_makes_no_database),
        CONTRACT_TEST(what_is_not_a_database_is_damage),
        CONTRACT_TEST(a_damaged_page_is_found_and_never_served),
        CONTRACT_TEST(a_value_that_no_writer_wrote_is_damage),
        CONTRACT_TEST(files_are_for_owner_and_group_only),
        CONTRACT_TEST(finders_do_not_scan),
    };
    return failed + cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
