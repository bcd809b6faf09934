/* One connection: what it has shown, what it is doing, and until when (limits in base/config.h).
 *
 * The deadline belongs to the phase. Over, the socket is shut down and libmicrohttpd ends the
 * connection, whatever it was doing; only a waiting request is answered first (E_BUSY). */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "hub.h"
#include "surface.h"

#include <crypto/chain.h>

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

enum phase {
    PHASE_HANDSHAKE, /* handshake_ms; plain: header_ms until the first request line */
    PHASE_IDLE,      /* idle_s until the next request: its first octet, or plain its first line */
    PHASE_HEAD,      /* header_ms */
    PHASE_BODY,      /* body_ms, more for a body longer than a slow line brings in that time */
    PHASE_WAIT,      /* request_ms since the head began, and what a long body was given */
    PHASE_REPLY,     /* as PHASE_BODY, for what is sent */
};

/* Kept small: 5,000 idle ones are the measure. `timer` is first: a node is its connection. */
struct connection {
    struct wheel_node timer;
    struct hub *hub;
    struct door *door;
    struct MHD_Connection *mhd;
    struct request *request;   /* under way; NULL between requests */
    struct chain_claim *claim; /* owned; NULL: no certificate was shown, or not looked yet */
    int64_t handshake_s;
    int64_t request_due_ms;
    const char
        *target; /* the request target where it was received, to be used with target_n only */
    uint32_t target_n;
    int fd;
    uint8_t phase;
    bool is_tls, is_verified, is_suspended, is_parked, has_bad_query;
};

/* Called by libmicrohttpd. */
void connection_notify(void *door, struct MHD_Connection *mhd, void **context,
                       enum MHD_ConnectionNotificationCode code);
void *connection_request_line(void *door, const char *target, struct MHD_Connection *mhd);

/* Decodes the query's names and values in place; the path stays as it came. */
size_t connection_unescape(void *door, struct MHD_Connection *mhd, char *text);

struct connection *connection_of(struct MHD_Connection *mhd);

/* Enters a phase: its deadline counts from now. `octets`: how much is to come or to go. */
void connection_enter(struct connection *connection, enum phase phase, uint64_t octets);

/* A request begins. */
void connection_begin_head(struct connection *connection);

/* The deadline has passed. */
void connection_expire(struct connection *connection);

/* Suspends for PHASE_WAIT, and resumes. */
void connection_suspend(struct connection *connection);
void connection_resume(struct connection *connection);

/* What the client has shown: read and verified at the first request of the connection, then
 * remembered. CHAIN_NOBODY without a certificate. Otherwise crypto/chain's failure, at every call:
 * such a connection is to be ended. */
MUST_USE enum result connection_verify(struct connection *connection, struct err *err);
const struct chain_claim *connection_peer(const struct connection *connection);

/* Whence the client came, for the log. */
struct address connection_address(const struct connection *connection);

/* The leaf that the client showed, DER; empty without one. Valid while the connection is. */
struct bytes connection_leaf(const struct connection *connection);

#endif
