#include "faulty_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct faults faults = {.sync_fails = -1};

/* Behind ours lies the real file; every method but two passes through. */
struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty;

#define REAL(file) (((struct faulty_file *)(file))->real)
#define PASS(file, method, ...) REAL(file)->pMethods->method(REAL(file), ##__VA_ARGS__)

static int f_close(sqlite3_file *file)
{
    int rc = REAL(file)->pMethods == NULL ? SQLITE_OK : PASS(file, xClose);
    free(REAL(file));
    return rc;
}

static int f_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return PASS(file, xRead, to, n, at);
}

static int f_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (faults.disk_is_full)
        return SQLITE_FULL;
    if (faults.write_fails)
        return SQLITE_IOERR_WRITE;
    return PASS(file, xWrite, from, n, at);
}

static int f_sync(sqlite3_file *file, int flags)
{
    if (faults.sync_fails >= 0 && faults.syncs++ >= faults.sync_fails)
        return SQLITE_IOERR_FSYNC;
    return PASS(file, xSync, flags);
}

static int f_truncate(sqlite3_file *file, sqlite3_int64 n)
{
    return PASS(file, xTruncate, n);
}

static int f_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return PASS(file, xFileSize, ret);
}

static int f_lock(sqlite3_file *file, int level)
{
    return PASS(file, xLock, level);
}

static int f_unlock(sqlite3_file *file, int level)
{
    return PASS(file, xUnlock, level);
}

static int f_reserved(sqlite3_file *file, int *ret)
{
    return PASS(file, xCheckReservedLock, ret);
}

static int f_control(sqlite3_file *file, int op, void *arg)
{
    return PASS(file, xFileControl, op, arg);
}

static int f_sector(sqlite3_file *file)
{
    return PASS(file, xSectorSize);
}

static int f_device(sqlite3_file *file)
{
    return PASS(file, xDeviceCharacteristics);
}

static int f_shm_map(sqlite3_file *file, int page, int n, int extend, void volatile **ret)
{
    return PASS(file, xShmMap, page, n, extend, ret);
}

static int f_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return PASS(file, xShmLock, offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *file)
{
    PASS(file, xShmBarrier);
}

static int f_shm_unmap(sqlite3_file *file, int remove)
{
    return PASS(file, xShmUnmap, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    struct faulty_file *ours = (struct faulty_file *)file;
    ours->base.pMethods = NULL;
    ours->real = calloc(1, (size_t)real_vfs->szOsFile);
    if (ours->real == NULL)
        return SQLITE_NOMEM;
    int rc = real_vfs->xOpen(real_vfs, name, ours->real, flags, ret_flags);
    if (rc == SQLITE_OK)
        ours->base.pMethods = &methods;
    else
        free(ours->real);
    return rc;
}

void faulty_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    faulty = *real_vfs;
    faulty.zName = "faulty";
    faulty.szOsFile = sizeof(struct faulty_file);
    faulty.xOpen = f_open;
    faults = (struct faults){.sync_fails = -1};
    sqlite3_vfs_register(&faulty, 1);
}

void faulty_vfs_remove(void)
{
    sqlite3_vfs_unregister(&faulty);
    sqlite3_vfs_register(real_vfs, 1);
}
