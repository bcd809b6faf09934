#include "database.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 1414681672 /* "TRTH": SQLite has a place for it in the file's header */

struct migration {
    int number; /* from 1, without gaps */
    const char *name;
    uint8_t digest[32]; /* SHA-256 of the SQL: a step that was applied is never changed */
    const char *sql;
};

static const struct migration migrations[] = {
#include "0001-ground.inc"
#include "0002-fit-for-use.inc"
#include "0003-lifecycle.inc"
#include "0004-standing.inc"
#include "0005-sightings-end.inc"
#include "0006-boundaries.inc"
};

enum result database_exec(struct store *store, const char *sql, struct err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(store, "database", err);
    return OK;
}

enum result database_number(struct store *store, const char *sql, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int64_t value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    enum result result = rc == SQLITE_ROW ? OK : database_fail(store, "database", err);
    sqlite3_finalize(stmt);
    if (result == OK)
        *ret = value;
    return result;
}

static enum result record(struct store *store, const struct migration *step, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_MIGRATION);
    query_put_int(&q, step->number);
    query_put_text(&q, bytes_of(step->name, strlen(step->name)));
    query_put_blob(&q, bytes_of(step->digest, sizeof step->digest));
    return query_run(&q, err);
}

static enum result apply_step(struct store *store, const struct migration *step, struct err *err)
{
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", step->number);
    TRY(database_exec(store, step->sql, err));
    TRY(record(store, step, err));
    return database_exec(store, version, err);
}

static enum result apply_missing(struct store *store, int64_t from, struct err *err)
{
    for (size_t i = (size_t)from; i < LENGTH_OF(migrations); i++) {
        TRY(store_begin(store, err));
        enum result result = apply_step(store, &migrations[i], err);
        if (result != OK) {
            err_prefix(err, "migration %s", migrations[i].name);
            store_rollback(store);
            return result;
        }
        TRY(store_commit(store, err));
    }
    return OK;
}

/* A database of something else must not become ours. */
static enum result claim(struct store *store, int64_t version, struct err *err)
{
    int64_t tables = 0, application = 0;
    TRY(database_number(store, "PRAGMA application_id", &application, err));
    TRY(database_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err));
    if (application != APPLICATION_ID && (version != 0 || tables != 0))
        return err_set(err, E_SCHEMA, "this is a database of another program");
    if (tables != 0)
        return OK;
    char sql[256];
    snprintf(sql, sizeof sql,
             "PRAGMA application_id = %d; CREATE TABLE migration (number INTEGER PRIMARY KEY,"
             " name TEXT NOT NULL, digest BLOB NOT NULL) STRICT",
             APPLICATION_ID);
    return database_exec(store, sql, err);
}

static enum result check_step(struct store *store, const struct migration *step, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_MIGRATION);
    query_put_int(&q, step->number);
    enum result result = query_next(&q, err);
    if (result == OK && bytes_equal(query_bytes(&q), bytes_of(step->digest, 32)))
        return OK;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    return err_set(err, E_SCHEMA, "migration %s is not the one that was applied", step->name);
}

static enum result check_applied(struct store *store, int64_t version, struct err *err)
{
    if (version < 0 || (uint64_t)version > LENGTH_OF(migrations))
        return err_set(err, E_SCHEMA, "schema version %lld, this program knows up to %zu",
                       (long long)version, LENGTH_OF(migrations));
    for (size_t i = 0; i < (size_t)version; i++)
        TRY(check_step(store, &migrations[i], err));
    return OK;
}

enum result database_migrate(struct store *store, struct err *err)
{
    int64_t version = 0;
    TRY(database_number(store, "PRAGMA user_version", &version, err));
    TRY(claim(store, version, err));
    TRY(check_applied(store, version, err));
    return apply_missing(store, version, err);
}

enum result database_check_schema(struct store *store, struct err *err)
{
    int64_t version = 0;
    TRY(database_number(store, "PRAGMA user_version", &version, err));
    if (version >= 0 && (uint64_t)version < LENGTH_OF(migrations))
        return err_set(err, E_SCHEMA, "schema version %lld, wanted %zu: a writer migrates it",
                       (long long)version, LENGTH_OF(migrations));
    return check_applied(store, version, err);
}
