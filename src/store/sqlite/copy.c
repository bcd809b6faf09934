#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* In one step: what others write meanwhile goes into the log behind our snapshot of it, where
 * copying in pieces would begin again with each of their commits. */
static enum result copy_pages(struct store *store, sqlite3 *to, struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", store->db, "main");
    if (backup == NULL)
        return err_set(err, E_STORE, "copy: %s", sqlite3_errmsg(to));
    int rc = sqlite3_backup_step(backup, -1);
    int ended = sqlite3_backup_finish(backup);
    if (rc != SQLITE_DONE || ended != SQLITE_OK)
        return err_set(err, E_STORE, "copy: %s", sqlite3_errmsg(to));
    return OK;
}

/* The file alone is the whole: readers of it find no log beside it. */
static enum result copy_into(struct store *store, sqlite3 *to, struct err *err)
{
    TRY(copy_pages(store, to, err));
    if (sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        return err_set(err, E_STORE, "copy: %s", sqlite3_errmsg(to));
    return OK;
}

/* Empty, for its owner alone, and not there before. */
static enum result create_file(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, E_CONFLICT, "%s: it is there already", path);
    if (fd < 0)
        return err_set(err, E_STORE, "%s: %s", path, strerror(errno));
    close(fd);
    return OK;
}

enum result store_copy(struct store *store, const char *path, struct err *err)
{
    sqlite3 *to = NULL;
    TRY(create_file(path, err));
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum result result = rc == SQLITE_OK ? copy_into(store, to, err)
                                         : err_set(err, E_STORE, "%s: cannot be opened", path);
    if (sqlite3_close(to) != SQLITE_OK && result == OK)
        result = err_set(err, E_STORE, "%s: cannot be closed", path);
    if (result != OK) {
        err_prefix(err, "%s", path);
        unlink(path);
    }
    return result;
}
