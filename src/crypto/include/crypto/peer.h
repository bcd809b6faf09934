/* What a TLS server presents to whoever connects: looked at, trusted for nothing. */
#ifndef CRYPTO_PEER_H
#define CRYPTO_PEER_H

#include <base/blob.h>
#include <base/err.h>

#define PEER_CHAIN_MAX                                                                             \
    6 /* certificates kept of what was presented: the leaf and who is above it                     \
       */

/* What became of a look. */
enum peer_outcome {
    PEER_NOTHING = 0,
    PEER_SEEN,           /* it presented a chain, whatever became of the handshake afterwards */
    PEER_NO_CERTIFICATE, /* it speaks TLS and presented none */
    PEER_NO_TLS,         /* it said something else, or closed the connection */
    PEER_TIMED_OUT,
};

struct peer_seen {
    enum peer_outcome outcome;
    char why[96];      /* for people, when nothing was seen */
    char protocol[16]; /* "TLSv1.3"; "" unless the server chose one */
    char cipher[64];   /* as the library names it; "" as above */
    size_t n;
    struct blob chain[PEER_CHAIN_MAX]; /* DER as it was presented, the leaf first */
};

void peer_seen_free(struct peer_seen *seen);

/* How all looks are done: from TLS 1.0 on, any suite, any strength, nothing verified, since what is
 * weak is what is looked for. Several threads may use one. E_KEY, E_MEMORY. */
struct peer_look;
MUST_USE enum result peer_look_new(struct peer_look **ret, struct err *err);
void peer_look_freep(struct peer_look **look);

/* A handshake on `fd`, connected and non-blocking, that is given up at `deadline_us` (monotonic).
 * `name`: for server_name (RFC 6066 3), NULL: none. `fd` stays the caller's. What a stranger does
 * is an outcome and never a failure: E_MEMORY alone. The caller owns `ret`. SIGPIPE is to be
 * blocked.
 *
 * Not checked: anything. That the server has the key is shown by a handshake that went through; one
 * that ended after the chain (a server that wants a certificate of ours) is PEER_SEEN as well. */
MUST_USE enum result peer_look_at(struct peer_look *look, int fd, const char *name,
                                  int64_t deadline_us, struct peer_seen *ret, struct err *err);

#endif
