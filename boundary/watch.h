/* Certificates of which the server wants to know when an older session sends. Any thread. */
#ifndef BOUNDARY_WATCH_H
#define BOUNDARY_WATCH_H

#include <boundary/boundary.h>

#include <pthread.h>
#include <stdatomic.h>

#define WATCHED_MAX 1024 /* the oldest go first */

struct watched_row {
    uint32_t issuer; /* 0: empty */
    uint8_t serial[BOUNDARY_SERIAL_N];
    int64_t at_us; /* when the server asked, monotonic */
};

struct watched {
    pthread_mutex_t lock;
    struct watched_row rows[WATCHED_MAX];
    size_t next;
    _Atomic size_t n; /* rows that are in use: of nobody the lock is not taken */
};

void watched_init(struct watched *watched);
void watched_free(struct watched *watched);

/* `items` as watch_read() took them. */
void watched_add(struct watched *watched, struct bytes items, int64_t at_us);
bool watched_has(struct watched *watched, const struct boundary_identity *identity,
                 int64_t began_us);
void watched_remove(struct watched *watched, const struct boundary_identity *identity);

#endif
