#include "database.h"

/* What a failed call of the system left on the disk is unknown, and SQLite's own rollback cannot
 * know it either. Reading is harmless, and a full disk is reported as SQLITE_FULL. */
static bool is_write_failure(int rc)
{
    switch (rc) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_CLOSE:
    case SQLITE_IOERR_DELETE:
        return true;
    default:
        return false;
    }
}

static enum code code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return E_STORE_CORRUPT;
    case SQLITE_NOMEM:
        return E_MEMORY;
    case SQLITE_CONSTRAINT:
        return E_CONFLICT;
    case SQLITE_MISUSE:
        return E_BUG;
    default:
        return E_STORE;
    }
}

enum result database_fail(struct store *store, const char *what, struct err *err)
{
    int rc = sqlite3_extended_errcode(store->db);
    if (is_write_failure(rc))
        store->must_exit = true;
    return err_set(err, code_of(rc), "%s: %s (%d)", what, sqlite3_errmsg(store->db), rc);
}

bool store_must_exit(const struct store *store)
{
    return store->must_exit;
}
