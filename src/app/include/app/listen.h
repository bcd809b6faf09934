/* The sockets that strangers and operators come to. */
#ifndef APP_LISTEN_H
#define APP_LISTEN_H

#include <base/config.h>

/* All are non-blocking and close-on-exec, or -1. Each front has sockets of its own, to which the
 * kernel deals connections out: with one for all, each connection wakes every front. The plain ones
 * hand a connection over with its first octets, or after about a second. */
struct listeners {
    int device[CONFIG_FRONTS_MAX], plain[CONFIG_FRONTS_MAX];
    int operators, local;
};

/* Binds all, the local socket last: whoever runs twice fails at a port and takes nothing from
 * the one that runs. The local socket is 0600, and replaces a socket that a dead server left. E_IO
 * with the configuration's key and the address; then none is open. */
MUST_USE enum result listen_all(const struct config *config, struct listeners *ret,
                                struct err *err);

void listeners_close(struct listeners *listeners);

/* The address that a socket is really bound to (port 0 in the configuration: the system's choice),
 * as struct address has it in `text`. */
struct address listen_address(int fd);

#endif
