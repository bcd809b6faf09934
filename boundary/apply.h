/* The answer to a poll, item by item: what is signed, follows and is whole is enforced, and nothing
 * else changes anything. Of the feed's thread alone. */
#ifndef BOUNDARY_APPLY_H
#define BOUNDARY_APPLY_H

#include "door.h"

#define APPLY_LIST_MAX (STATUS_LIST_MAX + COSE_SIGN1_OVERHEAD)
#define APPLY_BODY_MAX                                                                             \
    (4u << 20) /* octets: a service object, a catalogue, 1 MB of deltas, watches */

/* How a list that a catalogue names is had: "/status/2-30-0.cwt". */
struct apply_fetch {
    enum result (*get)(void *context, const char *path, struct blob *ret, struct err *err);
    void *context;
};

/* When it came, by both clocks: clock_boot_us() and clock_now_s(). */
struct apply_time {
    int64_t monotonic_us;
    int64_t now_s;
};

/* Up to the first item that is refused: what was taken before it stands. E_SYNTAX, E_SIGNATURE;
 * E_CONFLICT for what does not follow: older than what was enforced, a gap; E_LEDGER for a fork;
 * E_CERTIFICATE; E_TOO_LARGE, E_MEMORY; and what `fetch` fails with. */
MUST_USE enum result apply_answer(struct boundary *boundary, struct bytes body,
                                  const struct apply_fetch *fetch, const struct apply_time *at,
                                  struct err *err);

/* What the next poll says that is enforced. */
struct generations apply_asks(struct boundary *boundary);

#endif
