#include "feed_ring.h"

#include <wire/cose.h>
#include <wire/feed.h>

#include <stdlib.h>
#include <string.h>

static void drop_first(struct feed_ring *ring)
{
    struct feed_told *told = &ring->deltas[ring->first];
    ring->octets -= told->octets.n + FEED_RING_ITEM;
    blob_free(&told->octets);
    ring->first++;
    ring->n--;
}

static void drop_all(struct feed_ring *ring)
{
    while (ring->n > 0)
        drop_first(ring);
    ring->first = 0;
}

void feed_ring_free(struct feed_ring *ring)
{
    drop_all(ring);
    free(ring->deltas);
    blob_free(&ring->latest);
    *ring = (struct feed_ring){0};
}

/* ---- what core says -------------------------------------------------------------------------- */

static enum result read_delta(struct bytes octets, struct feed_delta *ret, struct err *err)
{
    struct cose_sign1 message;
    const char *why = NULL;
    if (!cose_sign1_read(octets, &message, &why) || !feed_delta_read(message.payload, ret, &why))
        return err_set(err, E_BUG, "core sent a delta that is none: %s", why);
    return OK;
}

static enum result make_room(struct feed_ring *ring, struct err *err)
{
    if (ring->first > 0 && ring->first + ring->n == ring->max) {
        memmove(ring->deltas, ring->deltas + ring->first, ring->n * sizeof *ring->deltas);
        ring->first = 0;
    }
    if (ring->first + ring->n < ring->max)
        return OK;
    size_t max = ring->max == 0 ? 64 : ring->max * 2;
    struct feed_told *deltas = reallocarray(ring->deltas, max, sizeof *deltas);
    if (deltas == NULL)
        return err_set(err, E_MEMORY, "no memory for %zu deltas", max);
    ring->deltas = deltas;
    ring->max = max;
    return OK;
}

static enum result keep(struct feed_ring *ring, const struct feed_delta *delta, struct bytes octets,
                        struct err *err)
{
    CLEANUP(blob_free) struct blob copy = {0};
    TRY(make_room(ring, err));
    if (blob_copy(octets, &copy) != OK)
        return err_set(err, E_MEMORY, "no memory for a delta");
    ring->octets += copy.n + FEED_RING_ITEM;
    ring->deltas[ring->first + ring->n++] = (struct feed_told){delta->from, delta->to, copy};
    copy = (struct blob){0};
    while (ring->octets > FEED_RING_MAX)
        drop_first(ring);
    return OK;
}

enum result feed_ring_take(struct feed_ring *ring, struct bytes octets, bool *ret_is_heartbeat,
                           struct err *err)
{
    struct feed_delta delta;
    CLEANUP(blob_free) struct blob latest = {0};
    if (blob_copy(octets, &latest) != OK)
        return err_set(err, E_MEMORY, "no memory for a delta");
    TRY(read_delta(blob_bytes(&latest), &delta, err));
    bool is_heartbeat = feed_delta_is_heartbeat(&delta);
    if (delta.from != ring->newest)
        drop_all(ring);
    if (!is_heartbeat)
        TRY(keep(ring, &delta, octets, err));
    ring->newest = delta.to;
    ring->streams = delta.streams;
    blob_free(&ring->latest);
    ring->latest = latest;
    latest = (struct blob){0};
    *ret_is_heartbeat = is_heartbeat;
    return OK;
}

void feed_ring_take_catalogue(struct feed_ring *ring, uint64_t generation)
{
    if (!feed_ring_leads(ring, generation)) {
        drop_all(ring);
        ring->newest = generation;
    }
    while (ring->n > 0 && ring->deltas[ring->first].to <= ring->catalogue)
        drop_first(ring);
    ring->catalogue_before = ring->catalogue;
    ring->catalogue = generation;
}

/* ---- what boundaries are told ---------------------------------------------------------------- */

/* The first delta that leads further than the generation. */
static size_t find_after(const struct feed_ring *ring, uint64_t generation)
{
    size_t low = ring->first, high = ring->first + ring->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ring->deltas[middle].to <= generation)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool feed_ring_leads(const struct feed_ring *ring, uint64_t generation)
{
    if (generation == 0 || ring->newest == 0)
        return false;
    size_t at = find_after(ring, generation);
    if (at == ring->first + ring->n)
        return generation == ring->newest;
    return ring->deltas[at].from == generation;
}

void feed_ring_put(const struct feed_ring *ring, uint64_t generation, struct buf *to)
{
    for (size_t i = find_after(ring, generation); i < ring->first + ring->n; i++) {
        if (ring->deltas[i].octets.n > to->max - to->n)
            return;
        buf_put_bytes(to, blob_bytes(&ring->deltas[i].octets));
    }
}

uint64_t feed_ring_service(const struct feed_ring *ring, uint64_t boundary)
{
    struct feed_stream stream;
    struct reader walk = feed_walk(ring->streams);
    while (feed_next_stream(&walk, &stream))
        if (stream.boundary == boundary)
            return stream.generation;
    return 0;
}
