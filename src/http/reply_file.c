#include "reply.h"
#include "request_inside.h"

#include <base/file.h>
#include <proto/public.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int dir_fd, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
}

enum result reply_open_file(int dir_fd, const char *path, struct reply_file *ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = open_beneath(dir_fd, path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, E_NOT_FOUND, "there is no such file");
    ret->size = (uint64_t)st.st_size;
    /* Files are replaced whole, never written to: another one has another inode or time. */
    snprintf(ret->etag, sizeof ret->etag, "\"%" PRIx64 "-%" PRIx64 "%08lx-%" PRIx64 "\"",
             (uint64_t)st.st_ino, (uint64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
             (uint64_t)st.st_size);
    public_write_date(st.st_mtim.tv_sec, ret->modified);
    ret->fd = fd;
    fd = -1;
    return OK;
}

/* If-None-Match goes before If-Modified-Since (RFC 9110 13.2.2). The date is compared as text: a
 * client sends back what it got. */
static bool client_has(const struct request *request, const struct reply_file *file)
{
    const char *tags = request_header(request, "If-None-Match");
    if (tags != NULL)
        return strcmp(tags, "*") == 0 || strstr(tags, file->etag) != NULL;
    const char *since = request_header(request, "If-Modified-Since");
    return since != NULL && strcmp(since, file->modified) == 0;
}

void request_reply_opened(struct request *request, struct reply_file *file, const char *media_type,
                          const char *cache_control)
{
    bool is_known = client_has(request, file);
    const struct reply_header headers[] = {
        {"ETag", file->etag},
        {"Last-Modified", file->modified},
        {"Cache-Control", cache_control},
        {NULL, NULL},
    };
    struct reply reply = {
        .status = is_known ? 304 : 200,
        .media_type = is_known ? NULL : media_type,
        .headers = headers,
    };
    if (is_known) {
        fd_closep(&file->fd);
        request_reply(request, &reply);
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_fd64(file->size, file->fd);
    if (response == NULL) {
        fd_closep(&file->fd);
        return; /* without memory: exchange.c drops the connection */
    }
    file->fd = -1; /* the response closes it */
    reply_add_headers(request, response, &reply);
    request_set_response(request, 200, response, file->size);
}

void request_reply_file(struct request *request, int dir_fd, const char *path,
                        const char *media_type, const char *cache_control)
{
    struct reply_file file;
    struct err err = {0};
    if (reply_open_file(dir_fd, path, &file, &err) != OK)
        request_refuse(request, &err);
    else
        request_reply_opened(request, &file, media_type, cache_control);
}
