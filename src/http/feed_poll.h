/* Boundaries at the devices' port: the long poll for the feed, which is the acknowledgement too,
 * and their reports. wire/feed.h says what the objects mean.
 *
 * A poll is answered as soon as there is anything for it, with all there is: its service object,
 * the catalogue where no delta leads on from what it enforces, deltas in order, what it is to
 * watch; else the next heartbeat. */
#ifndef HTTP_FEED_POLL_H
#define HTTP_FEED_POLL_H

#include "boundaries.h"
#include "feed_ring.h"
#include "request.h"

#include <ipc/ipc.h>

#define FEED_POLLS_MAX 1024 /* open ones, of all boundaries */
#define FEED_POLLS_EACH 4   /* of one: a client that comes anew may have lost the former */
#define FEED_WATCHES_MAX 256
#define FEED_REPORT_MAX 65000 /* octets of a report: one message to core */

struct feed_poll {
    uint64_t number; /* of the request */
    uint32_t boundary;
    uint64_t status, service; /* that it enforces */
};

/* Asked of a boundary that has not polled here since; several fronts may have it. */
struct feed_watch {
    uint32_t boundary, issuer;
    uint8_t serial[16];
    int64_t until_ms;
};

struct feed {
    struct feed_ring ring;
    struct boundaries boundaries;
    struct feed_poll polls[FEED_POLLS_MAX];
    struct feed_watch watches[FEED_WATCHES_MAX];
    size_t polls_n, watches_n;
};

void feed_free(struct feed *feed);

/* For the listener: is it the key of a boundary? `front` is a struct front. */
bool feed_knows(void *front, const uint8_t spki[32]);

/* Routes that need NEED_BOUNDARY. */
void feed_poll(struct request *request);
void feed_report(struct request *request);

/* A message of core's that is about boundaries, and what it means for the polls that wait; false:
 * it is about something else. */
struct front;
bool feed_take(struct front *front, const struct ipc_message *message);

/* feed_body.c: all there is for a poll as one CBOR sequence (RFC 8742); empty: nothing. A
 * `heartbeat` is given to who gets nothing else. E_MEMORY, E_IO. */
MUST_USE enum result feed_body(struct front *front, const struct feed_poll *poll, bool heartbeat,
                               struct blob *ret, struct err *err);

#endif
