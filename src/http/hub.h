/* What all connections and requests of one process share. One thread. */
#ifndef HTTP_HUB_H
#define HTTP_HUB_H

#include "listener.h"
#include "wheel.h"

#include <base/config.h>

#include <stddef.h>
#include <stdint.h>

#define HUB_RANDOM_N 512 /* octets fetched from the kernel at once, for request ids */

/* Requests under way, by the low bits of their number. Ended ones are kept for the next. */
struct request_table {
    struct request **slots; /* used_n of slots_n are there, owned */
    uint32_t used_n, slots_n;
    struct request *free; /* chained */
    uint64_t generation;
};

struct hub {
    struct config_limits limits;
    void *owner;
    struct listener *listener;
    int epoll_fd;    /* the process's own */
    bool is_closing; /* nothing is suspended any more */
    const struct route *routes;
    const struct identity *identity; /* the TLS key and certificate; NULL before there is one */
    struct chain_store *chains;      /* what client chains end in; NULL before there is one */
    struct wheel wheel;              /* of struct connection */
    int64_t now_ms;                  /* monotonic, as of this turn of the loop */
    struct request_table requests;
    struct address_rate *addresses; /* of devices; owned */
    struct listener_counts counts;
    uint8_t random[HUB_RANDOM_N];
    size_t random_left;
    /* Told of each verified certificate of ours, once a connection. */
    void (*sighted)(void *owner, const struct chain_claim *claim, int64_t handshake_s);
    bool (*is_boundary)(void *owner, const uint8_t spki[32]); /* NULL: there are none here */
};

/* Random octets for identifiers that need not be secret. n is at most HUB_RANDOM_N. */
void hub_random(struct hub *hub, void *to, size_t n);

/* The waiting request of that number, as request_find(). */
struct request *request_find_in(struct hub *hub, uint64_t number);

#endif
