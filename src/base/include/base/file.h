/* Whole files in and out, and owned descriptors. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <base/blob.h>
#include <base/err.h>

#include <stdbool.h>
#include <sys/types.h>

/* Closes a descriptor of 0 or more and sets it to -1: CLEANUP(fd_closep) int fd = -1; */
void fd_closep(int *fd);

/* The whole regular file, at most `max` bytes. E_NOT_FOUND, E_TOO_LARGE, E_IO. */
MUST_USE enum result file_read(const char *path, size_t max, struct blob *ret, struct err *err);

/* Replaces `path` whole or not at all, also over a power cut: temporary file beside it with `mode`
 * (the umask does not apply), fsync, rename, fsync of the folder. E_IO; E_SYNC when a sync failed:
 * a process that wrote what it depends on must end and never retry (design 5, Time). */
MUST_USE enum result file_write(const char *path, mode_t mode, struct bytes bytes, struct err *err);

/* The same, but E_CONFLICT when `path` exists: for keys, which are never replaced. */
MUST_USE enum result file_create(const char *path, mode_t mode, struct bytes bytes,
                                 struct err *err);

/* Writes all of `bytes` to a descriptor, over short writes and EINTR. E_IO. */
MUST_USE enum result fd_write(int fd, struct bytes bytes, struct err *err);

/* Makes the folder with `mode` unless it is there; its parent must exist. E_IO. */
MUST_USE enum result folder_ensure(const char *path, mode_t mode, struct err *err);

/* Makes renames and creations in the folder durable. E_IO. */
MUST_USE enum result folder_sync(const char *path, struct err *err);

bool file_exists(const char *path);

#endif
