/* A boundary's own certificate: asked for, checked, kept. */
#ifndef BOUNDARY_CERTIFICATE_H
#define BOUNDARY_CERTIFICATE_H

#include "state.h"

#include <client/http.h>

#define BOUNDARY_CACERTS "/boundary/cacerts" /* the server's bag of who issues to boundaries */

/* How it is asked for: by a token, or by the certificate that `client` shows. */
struct certificate_ask {
    const char *user; /* NULL: a renewal */
    const char *password;
};

/* Sends a request by the key in the state folder, which it keeps for life: the ledger knows the
 * boundary by it. The answer is kept only if it is for that key and its chain ends at the pinned
 * root, whatever the server called it. `cacerts` is the server's bag. The server's errors; E_KEY,
 * E_CERTIFICATE, E_SIGNATURE, E_PROOF. */
MUST_USE enum result certificate_obtain(const struct state *state, struct client *client,
                                        const struct certificate_ask *ask, struct bytes cacerts,
                                        int64_t now_s, struct err *err);

/* What a process needs to be this boundary: a key that nobody but its owner may read, a root, and a
 * certificate for that key. Neither dates nor the chain: a server may renew what expired, and a
 * root that was followed is on the disk before the certificate below it. E_NOT_FOUND, E_KEY,
 * E_SYNTAX, E_CERTIFICATE, E_IO. */
MUST_USE enum result certificate_check(const struct state *state, struct err *err);

/* When the renewal of the one in the folder is due, in seconds. */
MUST_USE enum result certificate_due(const struct state *state, int64_t *ret_s, struct err *err);

#endif
