/* A boundary, as its parts see it. What is locked by what stands here and nowhere else. */
#ifndef BOUNDARY_DOOR_H
#define BOUNDARY_DOOR_H

#include "image.h"
#include "issuers.h"
#include "ledger.h"
#include "queue.h"
#include "rules.h"
#include "seal.h"
#include "state.h"
#include "watch.h"

#include <boundary/boundary.h>

#include <pthread.h>
#include <stdatomic.h>

/* Decisions read what is here under the lock and hold it for a microsecond; only the thread of the
 * feed writes. An rwlock that prefers its writer rather than pointers that are swapped: a delta
 * changes some octets of an image of megabytes, which is then not copied for it, nothing has to be
 * told when the last reader of an old one has gone, and readers hinder each other only by one
 * atomic step. What takes longer than a delta (a new image from lists, new rules) is made beside
 * it. */
struct enforced {
    pthread_rwlock_t lock;
    struct image *image; /* NULL: nothing is known yet */
    struct rules *rules; /* likewise */
    int64_t fresh_us;    /* clock_boot_us(): when the server said the newest that is enforced */
    _Atomic bool is_forked;
};

/* Of the feed's thread alone. */
struct followed {
    struct image *candidate; /* from lists, not yet as far as what was enforced before; or NULL */
    uint64_t announced;      /* generation of the service stream that the status stream named */
    unsigned gaps;           /* polls in a row that did not lead on */
};

/* What alarms are about. */
enum alarm { ALARM_FEED, ALARM_REPORT, ALARM_LEDGER, ALARM_FLOOR, ALARM_RENEWAL, ALARM_COUNT };

/* The last one of a kind, and when. */
struct told {
    enum code code;
    int64_t at_us;
};

struct boundary {
    void (*alarm)(void *context, const struct err *why);
    void *alarm_context;
    struct state state;
    int lock_fd; /* the folder is this process's alone; -1: not yet */
    struct seal_key key;
    struct enforced enforced;
    struct followed followed;
    struct issuers issuers;
    struct watched watched;
    struct queue queue;
    struct ledger ledger;
    struct floor floor; /* under floor_lock; written by the thread that reports */
    pthread_mutex_t floor_lock;
    _Atomic uint64_t version;
    _Atomic uint64_t polls_refused;
    _Atomic unsigned credentials; /* changes with the certificate */
    _Atomic bool is_stopping;
    struct told told[ALARM_COUNT]; /* under floor_lock */
    pthread_t feed_thread, report_thread;
    bool has_threads;
};

/* Tells a person, but not of the same code in the same matter again within a minute. Any thread. */
void door_alarm(struct boundary *boundary, enum alarm about, struct err *why);

/* The ledger is forked: nothing of the feed is taken any more, and it is reported once. */
void door_fork(struct boundary *boundary, struct err *why);

/* The generations that are enforced. */
struct generations {
    uint64_t status, service;
};
struct generations door_generations(struct boundary *boundary);

#endif
