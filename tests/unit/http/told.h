/* What core tells a front of the feed, as the tests make it: signed by nobody, at which no front
 * looks. */
#ifndef TEST_HTTP_TOLD_H
#define TEST_HTTP_TOLD_H

#include <wire/bytes.h>

/* A delta with `fill` octets of changes, or from == to a heartbeat; boundary 7 has a service object
 * of generation `service`. Valid until the next call. */
struct bytes told_delta(uint64_t from, uint64_t to, uint64_t service, uint32_t fill);

/* A catalogue of no list. Likewise. */
struct bytes told_catalogue(uint64_t generation);

/* Takes the next object from a sequence: its kind is its COSE type, or "watch"; `from`, `to` of a
 * delta, `to` of a catalogue. False at the end. */
struct told_item {
    char type[64];
    uint64_t from, to;
};
bool told_next(struct bytes *rest, struct told_item *ret);

#endif
