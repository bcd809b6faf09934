#include "listener.h"
#include "address_rate.h"
#include "connection.h"
#include "door.h"
#include "handshake.h"
#include "hub.h"
#include "identity.h"
#include "request_inside.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <base/rand.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define TICK_MS 1000
#define EVENTS_MAX 64 /* taken in one turn */

struct watch {
    int fd;
    listener_ready *ready;
    void *context;
};

struct listener {
    struct hub hub;
    struct door doors[LISTENER_SURFACES_MAX];
    size_t doors_n;
    struct watch watches[LISTENER_WATCHES_MAX];
    size_t watches_n;
    void (*tick)(void *context);
    void *tick_context;
    int64_t tick_due_ms;
    bool must_stop;
};

/* ---- hub ------------------------------------------------------------------------------------- */

void hub_random(struct hub *hub, void *to, size_t n)
{
    if (hub->random_left < n) {
        rand_bytes(hub->random, sizeof hub->random);
        hub->random_left = sizeof hub->random;
    }
    hub->random_left -= n;
    memcpy(to, hub->random + hub->random_left, n);
}

static void hub_take_time(struct hub *hub)
{
    hub->now_ms = clock_monotonic_us() / 1000;
}

struct request *request_find(struct listener *listener, uint64_t number)
{
    return request_find_in(&listener->hub, number);
}

/* ---- begin and end --------------------------------------------------------------------------- */

static enum result limit_addresses(struct hub *hub, struct err *err)
{
    uint64_t seed = 0;
    hub_random(hub, &seed, sizeof seed);
    hub->addresses = address_rate_new(seed);
    return hub->addresses == NULL ? err_set(err, E_MEMORY, "addresses") : OK;
}

enum result listener_new(const struct config_limits *limits, const struct route *table, void *owner,
                         struct listener **ret, struct err *err)
{
    CLEANUP(listener_freep) struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return err_set(err, E_MEMORY, "listener");
    listener->hub.limits = *limits;
    listener->hub.routes = table;
    listener->hub.owner = owner;
    listener->hub.listener = listener;
    hub_take_time(&listener->hub);
    wheel_init(&listener->hub.wheel, listener->hub.now_ms);
    listener->hub.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (listener->hub.epoll_fd < 0)
        return err_set(err, E_IO, "epoll_create1: %s", strerror(errno));
    TRY(limit_addresses(&listener->hub, err));
    *ret = STEAL(listener);
    return OK;
}

/* Nothing may be suspended when a door closes. Every connection has a deadline, so all are found.
 */
static void release_all(struct hub *hub)
{
    struct wheel_node *node;
    hub->is_closing = true;
    request_end_waiting(hub);
    while ((node = wheel_pop(&hub->wheel, INT64_MAX / 2)) != NULL) {
        struct connection *connection = (struct connection *)node; /* its first member */
        if (connection->is_parked)
            handshake_unpark(connection);
    }
}

void listener_freep(struct listener **owned)
{
    struct listener *listener = STEAL(*owned);
    if (listener == NULL)
        return;
    release_all(&listener->hub);
    for (size_t i = 0; i < listener->doors_n; i++) {
        if (listener->doors[i].mhd != NULL)
            door_run(&listener->doors[i]); /* takes the resumed ones back: stop demands it */
        door_close(&listener->doors[i]);
    }
    request_table_free(&listener->hub.requests);
    address_rate_free(listener->hub.addresses);
    fd_closep(&listener->hub.epoll_fd);
    free(listener);
}

enum result listener_add(struct listener *listener, enum surface surface, int listen_fd,
                         struct err *err)
{
    if (listener->doors_n == LISTENER_SURFACES_MAX)
        return err_set(err, E_BUG, "more than %d surfaces", LISTENER_SURFACES_MAX);
    listener->doors[listener->doors_n++] = (struct door){
        .hub = &listener->hub,
        .surface = surface,
        .listen_fd = listen_fd,
        .epoll_fd = -1,
    };
    return OK;
}

const struct config_limits *listener_limits(const struct listener *listener)
{
    return &listener->hub.limits;
}

void listener_set_limits(struct listener *listener, const struct config_limits *limits)
{
    listener->hub.limits = *limits;
}

void listener_set_identity(struct listener *listener, const struct identity *identity)
{
    listener->hub.identity = identity;
}

void listener_set_chains(struct listener *listener, struct chain_store *chains)
{
    listener->hub.chains = chains;
}

void listener_set_sighted(struct listener *listener,
                          void (*sighted)(void *owner, const struct chain_claim *claim,
                                          int64_t handshake_s))
{
    listener->hub.sighted = sighted;
}

void listener_set_boundaries(struct listener *listener,
                             bool (*is_boundary)(void *owner, const uint8_t spki[32]))
{
    listener->hub.is_boundary = is_boundary;
}

static enum result epoll_add(struct listener *listener, int fd, void *what, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(listener->hub.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_set(err, E_IO, "epoll_ctl: %s", strerror(errno));
    return OK;
}

enum result listener_watch(struct listener *listener, int fd, listener_ready *ready, void *context,
                           struct err *err)
{
    if (listener->watches_n == LISTENER_WATCHES_MAX)
        return err_set(err, E_BUG, "more than %d watches", LISTENER_WATCHES_MAX);
    struct watch *watch = &listener->watches[listener->watches_n];
    *watch = (struct watch){fd, ready, context};
    TRY(epoll_add(listener, fd, watch, err));
    listener->watches_n++;
    return OK;
}

void listener_set_tick(struct listener *listener, void (*tick)(void *context), void *context)
{
    listener->tick = tick;
    listener->tick_context = context;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static enum result open_doors(struct listener *listener, struct err *err)
{
    const struct identity *identity = listener->hub.identity;
    bool has_identity = identity != NULL && identity_has_certificate(identity);
    for (size_t i = 0; i < listener->doors_n; i++) {
        struct door *door = &listener->doors[i];
        if (door->mhd != NULL || (door_is_tls(door) && !has_identity))
            continue;
        TRY(door_open(door, err));
        TRY(epoll_add(listener, door->epoll_fd, door, err));
    }
    return OK;
}

static int sooner(int a_ms, int b_ms)
{
    if (a_ms < 0)
        return b_ms;
    return b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

static int wait_ms(const struct listener *listener)
{
    int64_t now_ms = listener->hub.now_ms;
    int ms = listener->tick_due_ms > now_ms ? (int)(listener->tick_due_ms - now_ms) : 0;
    ms = sooner(ms, wheel_wait_ms(&listener->hub.wheel, now_ms));
    for (size_t i = 0; i < listener->doors_n; i++)
        if (listener->doors[i].mhd != NULL)
            ms = sooner(ms, door_wait_ms(&listener->doors[i]));
    return ms;
}

static bool is_watch(const struct listener *listener, const void *what)
{
    const struct watch *watch = what;
    return watch >= listener->watches && watch < listener->watches + LISTENER_WATCHES_MAX;
}

static bool is_door(const struct listener *listener, const void *what)
{
    const struct door *door = what;
    return door >= listener->doors && door < listener->doors + LISTENER_SURFACES_MAX;
}

/* A descriptor of ours can be read: a watched one, a door's epoll, or a parked connection. */
static enum result take_event(struct listener *listener, void *what, struct err *err)
{
    if (is_watch(listener, what)) {
        const struct watch *watch = what;
        return watch->ready(watch->context, err);
    }
    if (is_door(listener, what))
        ((struct door *)what)->must_run = true;
    else
        handshake_unpark(what);
    return OK;
}

static enum result wait_events(struct listener *listener, struct err *err)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(listener->hub.epoll_fd, events, EVENTS_MAX, wait_ms(listener));
    if (n < 0 && errno != EINTR)
        return err_set(err, E_IO, "epoll_wait: %s", strerror(errno));
    hub_take_time(&listener->hub);
    for (int i = 0; i < n; i++)
        TRY(take_event(listener, events[i].data.ptr, err));
    return OK;
}

static void expire(struct listener *listener)
{
    struct hub *hub = &listener->hub;
    struct wheel_node *node;
    while ((node = wheel_pop(&hub->wheel, hub->now_ms)) != NULL)
        connection_expire((struct connection *)node); /* its first member */
    if (hub->now_ms < listener->tick_due_ms)
        return;
    listener->tick_due_ms = hub->now_ms + TICK_MS;
    if (listener->tick != NULL)
        listener->tick(listener->tick_context);
}

enum result listener_run(struct listener *listener, struct err *err)
{
    while (!listener->must_stop) {
        TRY(open_doors(listener, err));
        TRY(wait_events(listener, err));
        expire(listener);
        for (size_t i = 0; i < listener->doors_n; i++)
            if (listener->doors[i].mhd != NULL && door_wait_ms(&listener->doors[i]) == 0)
                door_run(&listener->doors[i]);
    }
    return OK;
}

void listener_stop(struct listener *listener)
{
    listener->must_stop = true;
}

int64_t listener_now_ms(const struct listener *listener)
{
    return listener->hub.now_ms;
}

struct listener_counts listener_counts(const struct listener *listener)
{
    return listener->hub.counts;
}
