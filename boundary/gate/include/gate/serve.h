/* The gate's socket: HTTP/1.1 on a unix socket, from a proxy on this machine. */
#ifndef GATE_SERVE_H
#define GATE_SERVE_H

#include <gate/judge.h>

#define GATE_CONNECTIONS 1024 /* from workers of a proxy, kept open */
#define GATE_IDLE_S 10        /* that says nothing for so long ends: proxies make another */
#define GATE_POOL_N 32768     /* octets of one connection's head and answer */

struct server;

/* Listens at `path`, mode 0660, in place of a socket that nobody listens at any more. Answers
 * in a thread of its own. E_IO, E_CONFLICT: somebody does listen. */
MUST_USE enum result server_open(const char *path, struct gate *gate, struct server **ret,
                                 struct err *err);
/* Ends what is under way and removes the socket. NULL is fine. */
void server_close(struct server *server);

#endif
