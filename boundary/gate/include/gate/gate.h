/* troth-gate: answers a web server, for each request of a device, whether it may (nginx's
 * auth_request, Caddy's forward_auth), from what libtroth-boundary has in memory. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <base/command.h>

extern const struct program gate_program;

/* Runs argv; the exit status is that of the error catalogue. */
int gate_main(char **argv);

#endif
