/* One listening socket under libmicrohttpd. */
#ifndef HTTP_DOOR_H
#define HTTP_DOOR_H

#include "hub.h"
#include "surface.h"

#include <microhttpd.h>
#include <stdbool.h>

struct door {
    struct hub *hub;
    enum surface surface;
    int listen_fd;          /* not owned */
    struct MHD_Daemon *mhd; /* NULL: not open yet */
    int epoll_fd;           /* libmicrohttpd's own */
    bool must_run;          /* there is something to do that its epoll does not tell */
};

bool door_is_tls(const struct door *door);

/* Starts to accept. A TLS door needs hub->identity. E_IO, E_TLS. */
MUST_USE enum result door_open(struct door *door, struct err *err);

/* Nothing may be suspended any more. */
void door_close(struct door *door);

/* Milliseconds until door_run() is to be called although epoll_fd is quiet; -1: never. */
int door_wait_ms(const struct door *door);
void door_run(struct door *door);

#endif
