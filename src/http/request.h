/* One HTTP request, as a handler sees it: whole, within its limits, checked by strict.h, routed,
 * and from a connection that has shown what the route needs.
 *
 * A handler is called once. Before it returns it has called exactly one of the request_reply_*
 * functions, or request_wait(); who waits is found again by number, never by pointer: when the
 * answer comes the client may be gone. A handler that does neither is answered with E_BUG. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "routes.h"

#include <base/err.h>
#include <crypto/chain.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_ID_N 16 /* hex digits, from random octets */

struct listener;
struct request;

/* All pointers are valid until the answer. */
struct request_view {
    const char *id;  /* X-Request-Id, also in log lines */
    uint64_t number; /* the `id` of messages: never used twice by one process */
    enum surface surface;
    const struct route *route;
    struct bytes parameters[ROUTE_PARAMETERS_MAX]; /* percent-decoded */
    struct bytes body;
    const struct chain_claim *peer; /* never NULL; CHAIN_NOBODY: no certificate was shown */
    int64_t handshake_s;            /* wall clock at which the TLS handshake began */
    struct listener *listener;
};
const struct request_view *request_view(const struct request *request);

/* The listener's owner (listener_new). */
void *request_owner(const struct request *request);

/* The value of a header (by name, any case) as NUL-terminated text without control characters;
 * NULL when it is absent. strict.h refused headers that may not repeat; of others the first. */
const char *request_header(const struct request *request, const char *name);

/* Is Content-Type one of `wanted`, several with ", " between (RFC 9110 8.3)? Parameters do not
 * count. */
bool request_has_media_type(const struct request *request, const char *wanted);

/* A parameter of the query, percent-decoded, UTF-8 and without control characters. False when it is
 * absent. A repeated or malformed one is refused before the handler runs. */
bool request_query(const struct request *request, const char *name, struct bytes *ret);

/* A parameter of the query whose name is not among `names` (NULL at their end); false without one.
 * So that a misspelt filter is not passed over. */
bool request_query_other(const struct request *request, const char *const *names,
                         struct bytes *ret);

/* The leaf that the client showed (DER); empty without one. */
struct bytes request_peer_certificate(const struct request *request);

/* A handler's own thing for the time between wait and answer: freed with `free` when the request
 * ends in whatever way. */
void request_set_context(struct request *request, void *context, void (*free)(void *));
void *request_context(const struct request *request);

/* Waits for somebody else's answer; after limits.request_ms the client gets E_BUSY (503). */
void request_wait(struct request *request);

/* Lets the request, which does not wait yet, have `ms` more than limits.request_ms: for work whose
 * length is known and bounded. */
void request_extend(struct request *request, int64_t ms);

/* The waiting request of that number; NULL when it was answered, timed out or its client is gone.
 */
struct request *request_find(struct listener *listener, uint64_t number);

/* ---- answers: each ends the request, also a waiting one -------------------------------------- */

struct reply_header {
    const char *name, *value;
};

/* Headers that every answer has (Content-Length, Date, X-Request-Id, Cache-Control: no-store unless
 * `headers` says otherwise, X-Content-Type-Options) are not the handler's. */
struct reply {
    int status;
    const char *media_type;             /* NULL without a body */
    struct bytes body;                  /* copied */
    const struct reply_header *headers; /* until a row whose name is NULL; may be NULL */
    bool close;                         /* and the connection ends */
};
void request_reply(struct request *request, const struct reply *reply);

/* The same with a body from malloc(), which is handed over instead of copied. */
void request_reply_owned(struct request *request, const struct reply *reply, void *body, size_t n);

/* A failure: application/problem+json (RFC 9457), or text/plain on EST routes (RFC 7030 4.2.3).
 * It is logged with request id, rule, value seen and value wanted. Before proof of possession the
 * caller gets the catalogue's words only where err's kind is R_UNAUTHORISED. */
void request_refuse(struct request *request, const struct err *err);

/* The same with a Retry-After in seconds (E_BUSY, E_BUDGET, E_WAITING). */
void request_refuse_until(struct request *request, const struct err *err, uint32_t retry_after_s);

/* A file below the folder `dir_fd`, by openat2(2) with RESOLVE_BENEATH: regular files only, with
 * ETag, Last-Modified, and 304 where the client has it. E_NOT_FOUND otherwise. `path` is relative.
 */
void request_reply_file(struct request *request, int dir_fd, const char *path,
                        const char *media_type, const char *cache_control);

#endif
