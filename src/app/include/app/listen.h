/* The sockets that strangers and operators come to. */
#ifndef APP_LISTEN_H
#define APP_LISTEN_H

#include <base/config.h>

/* All are non-blocking and close-on-exec, or -1. The plain one hands a connection over with its
 * first octets, or after about a second. */
struct listeners {
    int device, operators, plain, local;
};

/* Binds all four, the local socket last: whoever runs twice fails at a port and takes nothing from
 * the one that runs. The local socket is 0600, and replaces a socket that a dead server left. E_IO
 * with the configuration's key and the address; then none is open. */
MUST_USE enum result listen_all(const struct config_listen *config, struct listeners *ret,
                                struct err *err);

void listeners_close(struct listeners *listeners);

/* The address that a socket is really bound to (port 0 in the configuration: the system's choice),
 * as struct address has it in `text`. */
struct address listen_address(int fd);

#endif
