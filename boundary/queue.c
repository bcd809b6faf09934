#include "queue.h"

#include <base/clock.h>

#include <stdlib.h>
#include <time.h>

#define URGENT_US 100000
#define CALM_US 1000000
#define US 1000000

enum result queue_init(struct queue *queue, struct err *err)
{
    pthread_condattr_t attributes;
    queue->urgent =
        (struct ring){calloc(QUEUE_URGENT_MAX, sizeof(struct queued)), QUEUE_URGENT_MAX, 0, 0};
    queue->calm =
        (struct ring){calloc(QUEUE_CALM_MAX, sizeof(struct queued)), QUEUE_CALM_MAX, 0, 0};
    queue->recent = calloc(QUEUE_RECENT_MAX, sizeof *queue->recent);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (queue->urgent.rows == NULL || queue->calm.rows == NULL || queue->recent == NULL)
        return err_set(err, E_MEMORY, "the queue of reports");
    return OK;
}

void queue_free(struct queue *queue)
{
    if (queue->recent == NULL && queue->urgent.rows == NULL)
        return;
    free(queue->urgent.rows);
    free(queue->calm.rows);
    free(queue->recent);
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->wake);
    *queue = (struct queue){0};
}

/* ---- coming -----------------------------------------------------------------------------------
 */

/* Admissions wait longest and are worth least; all others tell of a session or a refusal. */
static bool is_urgent(enum boundary_report_kind kind)
{
    return kind != BOUNDARY_REPORT_ADMITTED;
}

static bool is_repeated_often(enum boundary_report_kind kind)
{
    return kind == BOUNDARY_REPORT_ADMITTED || kind == BOUNDARY_REPORT_REFUSED;
}

static struct queued queued_of(const struct boundary_event *event, int64_t at_ms)
{
    struct queued row = {.kind = event->kind,
                         .reason = event->reason,
                         .count = event->count > 0 ? event->count : 1,
                         .at_ms = at_ms};
    const struct boundary_identity *identity = event->identity;
    if (identity != NULL && !boundary_report_has_no_certificate(event->kind)) {
        row.issuer = identity->issuer;
        row.has_spki = identity->has_spki;
        memcpy(row.serial, identity->serial, sizeof row.serial);
        memcpy(row.spki, identity->spki, sizeof row.spki);
    }
    row.service_n = (uint8_t)event->service.n;
    if (event->service.n > 0)
        memcpy(row.service, event->service.p, event->service.n);
    return row;
}

static uint64_t hash_octets(uint64_t hash, const void *p, size_t n)
{
    const uint8_t *octets = p;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ octets[i]) * 1099511628211u;
    return hash;
}

static uint64_t hash_of(const struct queued *row)
{
    uint64_t hash = 14695981039346656037u;
    hash = hash_octets(hash, &row->kind, sizeof row->kind);
    hash = hash_octets(hash, &row->reason, sizeof row->reason);
    hash = hash_octets(hash, &row->issuer, sizeof row->issuer);
    hash = hash_octets(hash, row->serial, sizeof row->serial);
    return hash_octets(hash, row->service, row->service_n);
}

/* False: there is no room for it. */
static bool put(struct queue *queue, const struct queued *row, int64_t now_us)
{
    struct ring *ring = is_urgent(row->kind) ? &queue->urgent : &queue->calm;
    int64_t *first_us = is_urgent(row->kind) ? &queue->urgent_us : &queue->calm_us;
    if (ring->end - ring->begin == ring->max) {
        queue->lost++;
        if (ring == &queue->urgent)
            return false;
        ring->begin++;
    }
    ring->rows[ring->end++ % ring->max] = *row;
    if (*first_us == 0)
        *first_us = now_us;
    return true;
}

/* What found no room was not said: the next of its kind is not its repetition. */
static bool put_unless_said(struct queue *queue, const struct queued *row, int64_t now_us)
{
    if (!is_repeated_often(row->kind))
        return put(queue, row, now_us);
    uint64_t hash = hash_of(row);
    struct recent *recent = &queue->recent[hash % QUEUE_RECENT_MAX];
    bool was_said = recent->hash == hash && now_us - recent->at_us < QUEUE_RECENT_US;
    if (was_said || !put(queue, row, now_us))
        return false;
    *recent = (struct recent){hash, now_us};
    return true;
}

void queue_put(struct queue *queue, const struct boundary_event *event, int64_t at_ms,
               int64_t now_us)
{
    bool has_certificate = event->identity != NULL && event->identity->issuer != 0;
    if (event->kind <= BOUNDARY_REPORT_NONE || event->kind >= BOUNDARY_REPORT_KIND_COUNT ||
        event->service.n > BOUNDARY_REPORT_SERVICE_MAX ||
        (!has_certificate && !boundary_report_has_no_certificate(event->kind)))
        return;
    struct queued row = queued_of(event, at_ms);
    pthread_mutex_lock(&queue->lock);
    if (put_unless_said(queue, &row, now_us))
        pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
}

/* ---- waiting ----------------------------------------------------------------------------------
 */

static int64_t due_us(const struct queue *queue)
{
    int64_t urgent = queue->urgent_us != 0 ? queue->urgent_us + URGENT_US : INT64_MAX;
    int64_t calm = queue->calm_us != 0 ? queue->calm_us + CALM_US : INT64_MAX;
    return urgent < calm ? urgent : calm;
}

void queue_wait(struct queue *queue, int64_t until_us)
{
    pthread_mutex_lock(&queue->lock);
    int64_t due = due_us(queue);
    int64_t at_us = due < until_us ? due : until_us;
    struct timespec at = {.tv_sec = at_us / US, .tv_nsec = at_us % US * 1000};
    if (clock_monotonic_us() < at_us)
        pthread_cond_timedwait(&queue->wake, &queue->lock, &at);
    pthread_mutex_unlock(&queue->lock);
}

void queue_wake(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
}

bool queue_is_due(struct queue *queue, int64_t now_us)
{
    pthread_mutex_lock(&queue->lock);
    bool is_full =
        queue->urgent.end - queue->urgent.begin + (queue->calm.end - queue->calm.begin) >=
        QUEUE_BATCH_MAX;
    bool is_due = is_full || due_us(queue) <= now_us;
    pthread_mutex_unlock(&queue->lock);
    return is_due;
}

/* ---- going ------------------------------------------------------------------------------------
 */

static size_t count(const struct ring *ring, size_t most)
{
    uint64_t n = ring->end - ring->begin;
    return n < most ? (size_t)n : most;
}

static void put_items(const struct ring *ring, size_t n, struct buf *items)
{
    for (size_t i = 0; i < n; i++) {
        const struct queued *row = &ring->rows[(ring->begin + i) % ring->max];
        bool has_certificate = row->issuer != 0;
        const struct boundary_report_item item = {
            .kind = row->kind,
            .issuer = row->issuer,
            .serial = bytes_of(row->serial, has_certificate ? sizeof row->serial : 0),
            .spki_hash = bytes_of(row->spki, row->has_spki ? sizeof row->spki : 0),
            .service = bytes_of(row->service, row->service_n),
            .at_ms = row->at_ms,
            .count = row->count,
            .reason = row->reason,
        };
        boundary_report_put(items, &item);
    }
}

struct queue_batch queue_batch(struct queue *queue, struct buf *items)
{
    pthread_mutex_lock(&queue->lock);
    size_t urgent = count(&queue->urgent, QUEUE_BATCH_MAX);
    size_t calm = count(&queue->calm, QUEUE_BATCH_MAX - urgent);
    cbor_write_array(items, urgent + calm);
    put_items(&queue->urgent, urgent, items);
    put_items(&queue->calm, calm, items);
    struct queue_batch batch = {queue->urgent.begin + urgent, queue->calm.begin + calm};
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

/* How many went: admissions may have pushed out some of the batch meanwhile. */
static uint64_t drop(struct ring *ring, uint64_t to)
{
    uint64_t n = ring->begin < to ? to - ring->begin : 0;
    ring->begin += n;
    return n;
}

void queue_drop(struct queue *queue, struct queue_batch batch, bool is_lost, int64_t now_us)
{
    pthread_mutex_lock(&queue->lock);
    uint64_t n = drop(&queue->urgent, batch.urgent_to) + drop(&queue->calm, batch.calm_to);
    queue->lost += is_lost ? n : 0;
    queue->urgent_us = queue->urgent.begin < queue->urgent.end ? now_us : 0;
    queue->calm_us = queue->calm.begin < queue->calm.end ? now_us : 0;
    pthread_mutex_unlock(&queue->lock);
}

void queue_count(struct queue *queue, uint64_t *ret_waiting, uint64_t *ret_lost)
{
    pthread_mutex_lock(&queue->lock);
    *ret_waiting = queue->urgent.end - queue->urgent.begin + (queue->calm.end - queue->calm.begin);
    *ret_lost = queue->lost;
    pthread_mutex_unlock(&queue->lock);
}
