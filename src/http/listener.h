/* Everything that listens in one process (front or desk): libmicrohttpd under one epoll loop, with
 * the strict request check, the routes, deadlines and limits of ours, and the process's channels.
 *
 * One thread. Order: new, add surfaces and descriptors, enter the sandbox, listener_run(). */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "request.h"

#include <base/config.h>
#include <base/err.h>
#include <crypto/chain.h>

#define LISTENER_SURFACES_MAX 3
#define LISTENER_WATCHES_MAX 4

struct listener;
struct identity;

/* `owner` is what handlers get by request_owner(). The limits are copied; the table is borrowed. */
MUST_USE enum result listener_new(const struct config_limits *limits, const struct route *table,
                                  void *owner, struct listener **ret, struct err *err);
/* Answers what waits with E_BUSY and ends all connections. NULL is fine. */
void listener_freep(struct listener **listener);

/* A listening socket, which stays the caller's. SURFACE_DEVICE and SURFACE_OPERATOR speak TLS and
 * accept nothing before listener_set_identity(). E_BUG above LISTENER_SURFACES_MAX. */
MUST_USE enum result listener_add(struct listener *listener, enum surface surface, int listen_fd,
                                  struct err *err);

/* Deadlines from now on: of what begins, not of what is under way. How many connections there may
 * be does not change. */
void listener_set_limits(struct listener *listener, const struct config_limits *limits);

/* Own TLS key and certificate; and what client chains end in, which may be replaced later. Both
 * stay the caller's and must outlive their use here. */
void listener_set_identity(struct listener *listener, const struct identity *identity);
void listener_set_chains(struct listener *listener, struct chain_store *chains);

/* `sighted` is told of each verified certificate of ours, once a connection. */
void listener_set_sighted(struct listener *listener,
                          void (*sighted)(void *owner, const struct chain_claim *claim,
                                          int64_t handshake_s));

/* For NEED_BOUNDARY: is a key, by its SHA-256, that of a boundary in use? Without it none is. */
void listener_set_boundaries(struct listener *listener,
                             bool (*is_boundary)(void *owner, const uint8_t spki[32]));

/* Calls `ready(context)` when `fd` can be read or has ended. It reads until nothing is left; a
 * failure ends listener_run() with that result. E_BUG above LISTENER_WATCHES_MAX. */
typedef enum result listener_ready(void *context, struct err *err);
MUST_USE enum result listener_watch(struct listener *listener, int fd, listener_ready *ready,
                                    void *context, struct err *err);

/* Calls `tick(context)` every second or somewhat later. */
void listener_set_tick(struct listener *listener, void (*tick)(void *context), void *context);

/* Loops until listener_stop() (OK) or a failure. */
MUST_USE enum result listener_run(struct listener *listener, struct err *err);
void listener_stop(struct listener *listener);

/* Those in force. */
const struct config_limits *listener_limits(const struct listener *listener);

/* Monotonic, as of this turn of the loop. */
int64_t listener_now_ms(const struct listener *listener);

/* Counters since start, for metrics. */
struct listener_counts {
    uint64_t connections, requests, refused, cut; /* cut: by a deadline */
    uint32_t open, waiting;                       /* now */
};
struct listener_counts listener_counts(const struct listener *listener);

#endif
