/* TLS handshakes, watched: the library neither says when one ends nor waits for one properly.
 *
 * libmicrohttpd 0.9.75 takes a connection whose handshake waits for its peer for readable until the
 * handshake ends, and asks to be run again at once: one silent client is a busy loop. So while a
 * handshake has nothing to read its connection is parked: suspended in the library, and its socket
 * watched by the process's own epoll. */
#ifndef HTTP_HANDSHAKE_H
#define HTTP_HANDSHAKE_H

#include "connection.h"

/* Asks for a client certificate (never demands one) and follows the handshake: PHASE_IDLE when it
 * ends, PHASE_HEAD when the first octets of a request come. Call it before anything was sent. */
void handshake_begin(struct connection *connection);

/* The parked connection goes on: its socket can be read, or its time is over, or all ends. */
void handshake_unpark(struct connection *connection);

#endif
