#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum result failed(const char *path, struct err *err)
{
    enum code code = errno == ENOENT ? E_NOT_FOUND : errno == EEXIST ? E_CONFLICT : E_IO;
    return err_set(err, code, "%s: %s", path, strerror(errno));
}

/* Reads to the end of the file, which may grow or shrink meanwhile, but not beyond `max`. */
static enum result read_all(int fd, const char *path, size_t max, struct blob *into,
                            struct err *err)
{
    size_t size = 0;
    while (true) {
        if (into->n == size) {
            size = size == 0 ? 4096 : size * 2;
            uint8_t *grown = realloc(into->p, size);
            if (grown == NULL)
                return err_set(err, E_MEMORY, "%s: no memory for %zu bytes", path, size);
            into->p = grown;
        }
        ssize_t got = read(fd, into->p + into->n, size - into->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(path, err);
        if (got == 0)
            return OK;
        into->n += (size_t)got;
        if (into->n > max)
            return err_set(err, E_TOO_LARGE, "%s: over %zu bytes, the most that is read", path,
                           max);
    }
}

enum result file_read(const char *path, size_t max, struct blob *ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return failed(path, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, E_IO, "%s: not a regular file", path);
    CLEANUP(blob_free) struct blob whole = {0};
    TRY(read_all(fd, path, max, &whole, err));
    *ret = whole;
    whole = (struct blob){0};
    return OK;
}

enum result fd_write(int fd, struct bytes bytes, struct err *err)
{
    while (bytes.n > 0) {
        ssize_t put = write(fd, bytes.p, bytes.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_set(err, E_IO, "write: %s", strerror(errno));
        bytes.p += put;
        bytes.n -= (size_t)put;
    }
    return OK;
}

/* A disk that is full says so here as well, and is over when there is room. */
static enum result sync_fd(int fd, const char *path, struct err *err)
{
    if (fsync(fd) == 0)
        return OK;
    if (errno == ENOSPC || errno == EDQUOT)
        return failed(path, err);
    return err_set(err, E_SYNC, "%s: fsync: %s", path, strerror(errno));
}

enum result folder_sync(const char *path, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? failed(path, err) : sync_fd(fd, path, err);
}

static enum result parent_sync(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path); /* the file could be opened: it fits */
    return folder_sync(dirname(copy), err);
}

static enum result write_durably(int fd, mode_t mode, const char *path, struct bytes bytes,
                                 struct err *err)
{
    TRY(fd_write(fd, bytes, err));
    return fchmod(fd, mode) != 0 ? failed(path, err) : sync_fd(fd, path, err);
}

/* Writes `path` by way of a temporary file; `place` is how that takes its name. */
static enum result write_by(int (*place)(const char *from, const char *to), const char *path,
                            mode_t mode, struct bytes bytes, struct err *err)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return err_set(err, E_IO, "the path has %d bytes, wanted less than %d", n, PATH_MAX);
    CLEANUP(fd_closep) int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return failed(path, err);
    enum result result = write_durably(fd, mode, path, bytes, err);
    if (result == OK && place(temporary, path) != 0)
        result = failed(path, err);
    (void)unlink(temporary); /* after a rename there is nothing left to remove */
    return result == OK ? parent_sync(path, err) : result;
}

enum result file_write(const char *path, mode_t mode, struct bytes bytes, struct err *err)
{
    return write_by(rename, path, mode, bytes, err);
}

enum result file_create(const char *path, mode_t mode, struct bytes bytes, struct err *err)
{
    return write_by(link, path, mode, bytes, err);
}

enum result folder_ensure(const char *path, mode_t mode, struct err *err)
{
    struct stat st;
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return failed(path, err);
    if (stat(path, &st) != 0)
        return failed(path, err);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, E_IO, "%s: not a folder", path);
    return OK;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
