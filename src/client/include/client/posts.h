/* Several POSTs under way at once, over libcurl: what the courier sends. Each goes to one address
 * that the caller has looked up and judged; no name is looked up here. HTTP/1.1, TLS 1.2 or 1.3,
 * the given roots and no others, no redirects, no proxy, nothing of the environment. Of an answer
 * only the status and Retry-After are read. One thread. */
#ifndef CLIENT_POSTS_H
#define CLIENT_POSTS_H

#include <base/err.h>

#include <poll.h>

#define POSTS_MAX 16             /* under way at once */
#define POSTS_ANSWER_BYTES 16384 /* of a body, after which it is not read on */
#define POSTS_HEADER_BYTES 16384 /* of all header lines; more is no answer */
#define POSTS_FDS_MAX 4          /* that posts_wait() also waits for */

struct posts; /* opaque */

struct post {
    uint64_t id;                /* the caller's */
    const char *url;            /* as url_parse() reads it */
    const char *address;        /* "192.0.2.1:443", "[2001:db8::1]:443": whom it connects to */
    const char *ca;             /* PEM: the only roots; empty for http */
    const char *const *headers; /* "name: value", NULL at the end */
    struct bytes body;
    uint32_t timeout_ms; /* for all of it */
};

/* What became of one. `why` is E_NONE when there was an answer, of whatever status. */
struct post_end {
    uint64_t id;
    int status;             /* 0 without an answer */
    uint32_t retry_after_s; /* 0: not said */
    struct err why;         /* E_UNREACHABLE, E_TLS, E_TOO_LARGE, E_MEMORY */
};

/* Makes what needs system calls that a sandbox lacks: call it before. E_MEMORY. */
MUST_USE enum result posts_open(struct posts **ret, struct err *err);
void posts_close(struct posts *posts); /* what is under way is dropped; NULL is fine */

/* Everything is copied. E_BUSY when POSTS_MAX are under way. */
MUST_USE enum result posts_begin(struct posts *posts, const struct post *post, struct err *err);

/* Waits until something moves, or one of `fds` (at most POSTS_FDS_MAX) has events, or
 * `timeout_ms` is over; fills their revents. E_IO. */
MUST_USE enum result posts_wait(struct posts *posts, struct pollfd *fds, size_t n, int timeout_ms,
                                struct err *err);

/* One that ended, once; false when there is none. */
bool posts_next(struct posts *posts, struct post_end *ret);

#endif
