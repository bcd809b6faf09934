/* A boundary's connections to its server: by its own certificate, to the pinned root. */
#ifndef BOUNDARY_CONNECT_H
#define BOUNDARY_CONNECT_H

#include "door.h"

#include <client/http.h>

/* One thread's: made when it is needed, and again when the certificate is another. */
struct connection {
    struct boundary *boundary;
    struct client *client; /* NULL: none */
    unsigned credentials;  /* that it was made with */
    uint32_t timeout_s;
};

/* E_KEY, E_MEMORY. */
MUST_USE enum result connection_ensure(struct connection *connection, struct err *err);
void connection_close(struct connection *connection);

/* GET, and 200 wanted: the body. What else comes is the error of the server's problem. */
MUST_USE enum result connection_get(struct connection *connection, const char *path,
                                    struct client_answer *ret, struct err *err);

/* Sleeps in pieces; ends early when the boundary is closed. */
void connection_pause(struct boundary *boundary, uint32_t ms);

#endif
