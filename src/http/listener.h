/* Everything that listens in one process (front or desk): libmicrohttpd under one epoll loop, with
 * the strict request check, the routes, deadlines and limits of ours, and the process's channels.
 *
 * One thread. Order: new, add surfaces and channels, enter the sandbox, listener_run(). */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "request.h"

#include <base/config.h>
#include <base/err.h>
#include <ipc/ipc.h>

struct listener;
struct trust_set;
struct identity;

/* `owner` is what handlers get by request_owner(). The limits are copied. */
MUST_USE enum result listener_new(const struct config_limits *limits, void *owner,
                                  struct listener **ret, struct err *err);
/* Answers what waits with E_BUSY, ends all connections, wipes the TLS key. NULL is fine. */
void listener_freep(struct listener **listener);

/* A listening socket, which stays the caller's. SURFACE_DEVICE and SURFACE_OPERATOR speak TLS under
 * the process's own certificate (identity.h) and accept nothing before there is one. */
MUST_USE enum result listener_add(struct listener *listener, enum surface surface, int listen_fd,
                                  struct err *err);

/* Calls `ready(context)` when `fd` can be read. It reads until R_BUSY or a number of messages; what
 * it returns other than OK or R_BUSY ends listener_run() with that result. */
MUST_USE enum result listener_watch(struct listener *listener, int fd,
                                    enum result (*ready)(void *context, struct err *err),
                                    void *context, struct err *err);

/* Calls `tick(context)` at least every `every_ms`. One per listener. */
void listener_set_tick(struct listener *listener, int64_t every_ms, void (*tick)(void *context),
                       void *context);

/* Loops until a watched descriptor's owner ends it. */
MUST_USE enum result listener_run(struct listener *listener, struct err *err);

/* Counters since start, for metrics. */
struct listener_counts {
    uint64_t connections, requests, refused, cut; /* cut: by a deadline */
    uint32_t open, waiting;                       /* now */
};
struct listener_counts listener_counts(const struct listener *listener);

#endif
