#include "folder.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE ".new"
#define PATH_MAX_N 128

static enum result fail(const char *path, struct err *err)
{
    return err_set(err, E_IO, "%s: %s", path, strerror(errno));
}

/* Whoever serves the files has another uid, whatever our umask is. */
static enum result make_folder(int folder, const char *path, struct err *err)
{
    if (mkdirat(folder, path, 0755) == 0)
        return fchmodat(folder, path, 0755, 0) == 0 ? OK : fail(path, err);
    return errno == EEXIST ? OK : fail(path, err);
}

static enum result make_folders(int folder, const char *path, struct err *err)
{
    char part[PATH_MAX_N];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        TRY(make_folder(folder, part, err));
    }
    return OK;
}

/* R_NOT_FOUND when the folder is not there. */
static enum result write_new(int folder, const char *path, struct bytes bytes, struct err *err)
{
    CLEANUP(fd_closep)
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 && errno == ENOENT)
        return R_NOT_FOUND;
    if (fd < 0 || fchmod(fd, 0644) != 0)
        return fail(path, err);
    return fd_write(fd, bytes, err);
}

/* The new file stands beside the old one: Landlock lets a rename cross folders only by a right of
 * its own, which the first kernels with it do not have. */
enum result folder_put(int folder, const char *path, struct bytes bytes, struct err *err)
{
    char beside[PATH_MAX_N];
    snprintf(beside, sizeof beside, "%s" NEW_FILE, path);
    enum result result = write_new(folder, beside, bytes, err);
    if (result == R_NOT_FOUND) {
        TRY(make_folders(folder, path, err));
        result = write_new(folder, beside, bytes, err);
    }
    if (result == R_NOT_FOUND)
        return fail(path, err);
    TRY(result);
    return renameat(folder, beside, folder, path) == 0 ? OK : fail(path, err);
}
