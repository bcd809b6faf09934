/* Who the server must be: the root that was pinned when the boundary was enrolled, and what follows
 * it on its word. */
#ifndef BOUNDARY_ROOT_H
#define BOUNDARY_ROOT_H

#include "state.h"

/* Makes root.pem the certificate of that fingerprint (SHA-256, 64 hexadecimal digits) among those
 * that the server calls /cacerts, over a connection that nobody is verified on and that sends
 * nothing (RFC 7030 4.1.1). One that is pinned already must have it. E_USAGE, E_TLS. */
MUST_USE enum result root_pin(const struct state *state, const char *fingerprint, struct err *err);

/* The pinned root, DER. */
MUST_USE enum result root_read(const struct state *state, struct blob *ret, struct err *err);

/* Replaces it by one that is younger and linked to it in `bag`, /cacerts over a connection to the
 * pinned root (RFC 4210 4.4, new with old). *ret_followed: it did. E_SYNTAX, E_IO. Holds
 * seal_lock(). */
MUST_USE enum result root_follow(const struct state *state, struct bytes bag, int64_t now_s,
                                 bool *ret_followed, struct err *err);

#endif
