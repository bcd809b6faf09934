/* Replies from the inside. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "request.h"

#include <proto/public.h>

#include <microhttpd.h>

/* The reply's headers and those that every reply has. */
void reply_add_headers(struct request *request, struct MHD_Response *response,
                       const struct reply *reply);

/* A file to be sent: open, with what tells caches about it. */
struct reply_file {
    int fd;
    uint64_t size;
    char etag[64];
    char modified[PUBLIC_DATE_N];
};

/* As request_reply_file(), in two steps: between them the file can be looked at. E_NOT_FOUND. */
MUST_USE enum result reply_open_file(int dir_fd, const char *path, struct reply_file *ret,
                                     struct err *err);
/* Takes the descriptor. */
void request_reply_opened(struct request *request, struct reply_file *file, const char *media_type,
                          const char *cache_control);

#endif
