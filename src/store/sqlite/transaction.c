#include "tally.h"

#include <string.h>

/* Prepared once: parsing the two words of a transaction costs a lone enrolment 9 us. */
static enum result run_prepared(struct store *store, enum statement statement, struct err *err)
{
    CLEANUP(query_end) struct query query = query_of(store, statement);
    return query_run(&query, err);
}

enum result store_begin(struct store *store, struct err *err)
{
    if (store->mode != STORE_WRITE || store->is_open)
        return err_set(err, E_BUG, "a transaction within another, or by a reader");
    if (store->must_exit)
        return err_set(err, E_STORE, "a write or sync failed before: the process must exit");
    TRY(run_prepared(store, STATEMENT_BEGIN, err));
    store->is_open = true;
    return OK;
}

enum result store_commit(struct store *store, struct err *err)
{
    if (!store->is_open || store->mode != STORE_WRITE)
        return err_set(err, E_BUG, "a commit without a transaction");
    enum result result = tally_write(store, err);
    if (result == OK)
        result = run_prepared(store, STATEMENT_COMMIT, err);
    if (result != OK) {
        err_prefix(err, "commit");
        store_rollback(store);
        return result;
    }
    store->is_open = false;
    store->in_part = false;
    return OK;
}

/* What was read of a row that may not be there any more. */
static void forget_kept(struct store *store)
{
    store->policy.is_known = false;
    store->product.is_known = false;
}

void store_rollback(struct store *store)
{
    if (!store->is_open)
        return;
    /* After some failures SQLite has rolled back already; there is nothing to do about others. */
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->is_open = false;
    store->in_part = false;
    forget_kept(store);
    store->tally.n = 0;
}

static void copy_tally(struct tally *to, const struct tally *from)
{
    to->n = from->n;
    memcpy(to->cells, from->cells, from->n * sizeof from->cells[0]);
}

enum result store_part_begin(struct store *store, struct err *err)
{
    if (!store->is_open || store->mode != STORE_WRITE || store->in_part)
        return err_set(err, E_BUG, "a part outside a transaction or within another");
    TRY(run_prepared(store, STATEMENT_PART_BEGIN, err));
    copy_tally(&store->before_part, &store->tally);
    store->in_part = true;
    return OK;
}

enum result store_part_keep(struct store *store, struct err *err)
{
    if (!store->in_part)
        return err_set(err, E_BUG, "a part that was not begun is kept");
    store->in_part = false;
    return run_prepared(store, STATEMENT_PART_END, err);
}

enum result store_part_undo(struct store *store, struct err *err)
{
    if (!store->in_part)
        return err_set(err, E_BUG, "a part that was not begun is undone");
    store->in_part = false;
    forget_kept(store);
    copy_tally(&store->tally, &store->before_part);
    TRY(run_prepared(store, STATEMENT_PART_BACK, err));
    return run_prepared(store, STATEMENT_PART_END, err);
}

enum result store_snapshot_begin(struct store *store, struct err *err)
{
    if (store->is_open)
        return err_set(err, E_BUG, "a snapshot within another or within a transaction");
    TRY(database_exec(store, "BEGIN", err));
    store->is_open = true;
    /* BEGIN alone waits for the first read; the snapshot is from now on. */
    int64_t unused = 0;
    enum result result = database_number(store, "SELECT count(*) FROM sqlite_schema", &unused, err);
    if (result != OK)
        store_rollback(store);
    return result;
}

void store_snapshot_end(struct store *store)
{
    store_rollback(store);
}

uint64_t store_log_pages(const struct store *store)
{
    return store->log_pages;
}

enum result store_checkpoint(struct store *store, struct err *err)
{
    int in_log = 0, copied = 0;
    int rc =
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) /* busy: readers still need a part of the log */
        return database_fail(store, "checkpoint", err);
    if (in_log >= copied && copied >= 0)
        store->log_pages = (uint64_t)(in_log - copied);
    return OK;
}

enum result store_check(struct store *store, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(store->db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    const char *words = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    enum result result = OK;
    if (words == NULL)
        result = database_fail(store, "integrity check", err);
    else if (sqlite3_stricmp(words, "ok") != 0)
        result = err_set(err, E_STORE_CORRUPT, "%s", words);
    sqlite3_finalize(stmt);
    return result;
}
