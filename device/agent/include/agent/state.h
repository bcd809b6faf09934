/* What the agent keeps, so that a power cut at any instant leaves the old identity or the new one,
 * and a request that left is known:
 *
 *   root.pem          the pinned anchor
 *   floor             newest instant that an accepted certificate proved
 *   pair-XXXXXX/      key.pem, request.der; once they came renew-at and certificate.pem; proven
 * once it was used current -> pair   the identity in use next    -> pair   one that was asked for;
 * key and request are durable before the link exists, and nothing is sent before it does lock held
 * while an agent works here
 *
 * The switch is one rename of `next` over `current`. A pair that no link names was never sent, or
 * was replaced: it is swept at the next start. */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include <base/blob.h>
#include <base/err.h>
#include <crypto/key.h>

#include <stdbool.h>

#define STATE_PATH_MAX 512

enum state_link { STATE_CURRENT, STATE_NEXT };

struct state {
    char folder[STATE_PATH_MAX / 2];
    int lock_fd;
};

/* Makes the folder (0700) if need be, takes the lock, sweeps. E_CONFLICT when another agent holds
 * the lock, E_USAGE for a path that is too long, E_IO. */
MUST_USE enum result state_open(const char *folder, struct state *ret, struct err *err);
/* Removes what no link names: pairs that were replaced, or never sent. A failure leaves them. */
void state_sweep(const struct state *state);
void state_close(struct state *state); /* fit for CLEANUP; zeroed memory with lock_fd -1 is fine */

bool state_has(const struct state *state, enum state_link link);

/* Path of a file of that pair ("key.pem"), or of the folder itself with a NULL name. */
struct state_path {
    char text[STATE_PATH_MAX];
};
struct state_path state_file(const struct state *state, enum state_link link, const char *name);
struct state_path state_own_file(const struct state *state, const char *name);

/* Makes a pair of a key and its request durable and links it as next. E_CONFLICT when there is a
 * next already: that one must be asked for again, not another. */
MUST_USE enum result state_prepare(struct state *state, const struct key *key, struct bytes csr,
                                   struct err *err);

/* Forgets next: its request was refused for what it is. */
MUST_USE enum result state_drop_next(struct state *state, struct err *err);

/* Keeps the certificate (PEM, leaf first) beside its key in next, and when the server advised to
 * renew it; 0: it did not say. */
MUST_USE enum result state_keep_certificate(struct state *state, struct bytes pem,
                                            int64_t renew_at_s, struct err *err);

/* next becomes current, at once. Its certificate must be there: E_BUG. */
MUST_USE enum result state_switch(struct state *state, struct err *err);

/* The time floor in seconds; 0 when there is none yet. Never set backwards. */
int64_t state_floor_s(const struct state *state);
MUST_USE enum result state_raise_floor(struct state *state, int64_t at_s, struct err *err);

/* When the server advised to renew the current certificate; 0: it did not say. */
int64_t state_renew_at_s(const struct state *state);

#endif
