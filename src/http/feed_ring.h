/* What core said lately that boundaries are told: signed deltas of one chain, in order, the last
 * heartbeat, and which catalogue there is (wire/feed.h). Bounded; nothing is older than the
 * catalogue before the last, so that who was away for a moment while one came is still led on.
 *
 * A generation "leads" when the deltas that are here go on from it. Owned by one thread. */
#ifndef HTTP_FEED_RING_H
#define HTTP_FEED_RING_H

#include <base/blob.h>
#include <base/err.h>
#include <wire/buf.h>

#include <stdbool.h>
#include <stdint.h>

#define FEED_RING_MAX (4 << 20) /* octets, FEED_RING_ITEM a delta beside its own */
#define FEED_RING_ITEM 64

struct feed_told {
    uint64_t from, to;
    struct blob octets; /* owned */
};

struct feed_ring {
    struct feed_told *deltas; /* owned; `n` of `max` from `first` on */
    size_t first, n, max, octets;
    uint64_t newest; /* generation that all of it leads to; 0: core has not said anything */
    uint64_t catalogue, catalogue_before;
    struct blob latest;   /* delta or heartbeat, whichever came last; owned */
    struct bytes streams; /* of that, into `latest` */
};

void feed_ring_free(struct feed_ring *ring);

/* A delta or heartbeat from core. One that does not go on from `newest` begins the ring anew.
 * *ret_is_heartbeat: it leads nowhere. E_BUG for what is none, E_MEMORY; then nothing has changed
 * but that the next delta begins the ring anew. NOT checked: its signature, which is core's. */
MUST_USE enum result feed_ring_take(struct feed_ring *ring, struct bytes octets,
                                    bool *ret_is_heartbeat, struct err *err);

/* The catalogue of that generation is published. */
void feed_ring_take_catalogue(struct feed_ring *ring, uint64_t generation);

bool feed_ring_leads(const struct feed_ring *ring, uint64_t generation);

/* The deltas after a generation that leads, in order, as far as they fit whole. */
void feed_ring_put(const struct feed_ring *ring, uint64_t generation, struct buf *to);

/* The newest generation of a boundary's other stream; 0: there is none. */
uint64_t feed_ring_service(const struct feed_ring *ring, uint64_t boundary);

#endif
