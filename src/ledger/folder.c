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

static enum result write_new(int folder, struct bytes bytes, struct err *err)
{
    CLEANUP(fd_closep)
    int fd = openat(folder, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || fchmod(fd, 0644) != 0)
        return fail(NEW_FILE, err);
    return fd_write(fd, bytes, err);
}

enum result folder_put(int folder, const char *path, struct bytes bytes, struct err *err)
{
    TRY(write_new(folder, bytes, err));
    if (renameat(folder, NEW_FILE, folder, path) == 0)
        return OK;
    if (errno != ENOENT)
        return fail(path, err);
    TRY(make_folders(folder, path, err));
    return renameat(folder, NEW_FILE, folder, path) == 0 ? OK : fail(path, err);
}
