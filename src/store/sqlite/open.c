#include "database.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define DATABASE_PATH_MAX 4096
#define BUSY_MS 5000 /* only a checkpoint of somebody who died can hold us up */

/* Fits the random order in which certificates touch the indexes: small pages mean less to log. No
 * memory mapping: a bad sector is then an error and not a SIGBUS. The core empties the log itself.
 */
static const char *const settings[] = {
    [STORE_READ] = "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA mmap_size = 0;"
                   "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
    [STORE_WRITE] = "PRAGMA page_size = 4096; PRAGMA synchronous = FULL;"
                    "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
                    "PRAGMA cache_size = -32768; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
};

static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct store *store = ctx;
    store->log_pages = (uint64_t)pages;
    return SQLITE_OK;
}

static enum result take_lease(struct store *store, const char *path, struct err *err)
{
    char lease[DATABASE_PATH_MAX];
    if ((size_t)snprintf(lease, sizeof lease, "%s.lease", path) >= sizeof lease)
        return err_set(err, E_STORE, "%s: the path is too long", path);
    store->lease = open(lease, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (store->lease < 0)
        return err_set(err, E_STORE, "%s: %s", lease, strerror(errno));
    if (flock(store->lease, LOCK_EX | LOCK_NB) == 0)
        return OK;
    if (errno != EWOULDBLOCK)
        return err_set(err, E_STORE, "%s: %s", lease, strerror(errno));
    return err_set(err, E_IN_USE, "%s: another process writes this database", path);
}

/* SQLite gives the log files the mode of the database, so that readers of the group get in. */
static enum result create_file(const char *path, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return err_set(err, E_STORE, "%s: %s", path, strerror(errno));
    return OK;
}

static enum result connect_to(struct store *store, const char *path, struct err *err)
{
    int flags = store->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    int rc = sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (store->db == NULL)
        return err_set(err, E_MEMORY, "%s: no memory for the database", path);
    if (rc != SQLITE_OK)
        return database_fail(store, "open", err);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return database_exec(store, settings[store->mode], err);
}

/* The log's files stay when we close: a reader may not create them. */
static enum result begin_logging(struct store *store, struct err *err)
{
    int keep = 1;
    TRY(database_exec(store, "PRAGMA journal_mode = WAL", err));
    if (sqlite3_file_control(store->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep) != SQLITE_OK)
        return database_fail(store, "write-ahead log", err);
    sqlite3_wal_hook(store->db, on_commit, store);
    return OK;
}

static enum result open_writer(struct store *store, const char *path, struct err *err)
{
    TRY(take_lease(store, path, err));
    TRY(create_file(path, err));
    TRY(connect_to(store, path, err));
    TRY(begin_logging(store, err));
    return database_migrate(store, err);
}

static enum result open_reader(struct store *store, const char *path, struct err *err)
{
    TRY(connect_to(store, path, err));
    return database_check_schema(store, err);
}

/* Our processes have one thread: SQLite needs no locks around its memory, and no count of it. It
 * takes such words before its first use only, and what it says to later ones does not matter. */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum result store_open(const char *path, enum store_mode mode, struct store **ret_store,
                       struct err *err)
{
    CLEANUP(store_closep) struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return err_set(err, E_MEMORY, "no memory for the database");
    set_up_library();
    store->lease = -1;
    store->mode = mode;
    enum result result =
        mode == STORE_WRITE ? open_writer(store, path, err) : open_reader(store, path, err);
    if (result != OK) {
        err_prefix(err, "%s", path);
        return result;
    }
    *ret_store = STEAL(store);
    return OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_rollback(store);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->prepared[i]);
    for (size_t i = 0; i < SHAPES_MAX; i++)
        sqlite3_finalize(store->shapes[i].handle);
    sqlite3_close(store->db);
    fd_closep(&store->lease);
    free(store);
}

void store_closep(struct store **store)
{
    store_close(*store);
    *store = NULL;
}
