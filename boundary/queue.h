/* Events that wait to be reported. Bounded; what is urgent never makes room for admissions. Any
 * thread, and nobody waits. */
#ifndef BOUNDARY_QUEUE_H
#define BOUNDARY_QUEUE_H

#include <boundary/boundary.h>
#include <wire/buf.h>

#include <pthread.h>

#define QUEUE_URGENT_MAX BOUNDARY_EVENTS_MAX
#define QUEUE_CALM_MAX 4096 /* admissions: the oldest go first */
#define QUEUE_RECENT_MAX 4096
#define QUEUE_RECENT_US 10000000 /* one event of a certificate, service and reason in that time */
#define QUEUE_BATCH_MAX 440      /* items: of 140 octets at most, in a report of 64 KB */

struct queued {
    enum boundary_report_kind kind;
    enum boundary_reason reason;
    uint32_t issuer, count;
    int64_t at_ms; /* Unix time */
    uint8_t serial[BOUNDARY_SERIAL_N];
    uint8_t spki[BOUNDARY_HASH_N];
    bool has_spki;
    uint8_t service_n;
    char service[BOUNDARY_REPORT_SERVICE_MAX];
};

struct ring {
    struct queued *rows; /* owned */
    size_t max;
    uint64_t begin, end; /* counted from the beginning of time */
};

/* What was said lately, by a hash of what it says: a collision says something twice. */
struct recent {
    uint64_t hash;
    int64_t at_us;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* of the thread that reports, on CLOCK_MONOTONIC */
    struct ring urgent, calm;
    struct recent *recent; /* owned */
    int64_t urgent_us;     /* when the first urgent one came that waits; 0: none does */
    int64_t calm_us;
    uint64_t lost;
};

MUST_USE enum result queue_init(struct queue *queue, struct err *err);
void queue_free(struct queue *queue);

void queue_put(struct queue *queue, const struct boundary_event *event, int64_t at_ms,
               int64_t now_us);

/* Waits until something is due (an urgent event for 100 ms, another for a second), queue_wake(), or
 * `until_us`. */
void queue_wait(struct queue *queue, int64_t until_us);
void queue_wake(struct queue *queue);
bool queue_is_due(struct queue *queue, int64_t now_us);

/* The next batch, at most QUEUE_BATCH_MAX items, as wire/boundary_report.h wants them: appended to
 * `items` with their head. They go with queue_drop(), when they were taken or never will be
 * (`is_lost`: counted as such), or are said again. One thread at a time. */
struct queue_batch {
    uint64_t urgent_to, calm_to; /* ends of what it has */
};
struct queue_batch queue_batch(struct queue *queue, struct buf *items);
void queue_drop(struct queue *queue, struct queue_batch batch, bool is_lost, int64_t now_us);

void queue_count(struct queue *queue, uint64_t *ret_waiting, uint64_t *ret_lost);

#endif
