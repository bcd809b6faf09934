#include "watch.h"

#include <wire/watch.h>

void watched_init(struct watched *watched)
{
    pthread_mutex_init(&watched->lock, NULL);
}

void watched_free(struct watched *watched)
{
    pthread_mutex_destroy(&watched->lock);
}

static struct watched_row *find(struct watched *watched, uint32_t issuer, const uint8_t *serial)
{
    for (size_t i = 0; i < WATCHED_MAX; i++) {
        struct watched_row *row = &watched->rows[i];
        if (row->issuer == issuer && memcmp(row->serial, serial, sizeof row->serial) == 0)
            return row;
    }
    return NULL;
}

void watched_add(struct watched *watched, struct bytes items, int64_t at_us)
{
    struct reader walk = watch_walk(items);
    struct watch_item item;
    pthread_mutex_lock(&watched->lock);
    while (watch_next(&walk, &item)) {
        struct watched_row *row = find(watched, item.issuer, item.serial.p);
        if (row == NULL) {
            row = &watched->rows[watched->next++ % WATCHED_MAX];
            watched->n += row->issuer == 0 ? 1 : 0;
        }
        row->issuer = item.issuer;
        row->at_us = at_us;
        memcpy(row->serial, item.serial.p, sizeof row->serial);
    }
    pthread_mutex_unlock(&watched->lock);
}

bool watched_has(struct watched *watched, const struct boundary_identity *identity,
                 int64_t began_us)
{
    if (watched->n == 0 || identity->issuer == 0)
        return false;
    pthread_mutex_lock(&watched->lock);
    const struct watched_row *row = find(watched, identity->issuer, identity->serial);
    bool has = row != NULL && began_us < row->at_us;
    pthread_mutex_unlock(&watched->lock);
    return has;
}

void watched_remove(struct watched *watched, const struct boundary_identity *identity)
{
    pthread_mutex_lock(&watched->lock);
    struct watched_row *row =
        identity->issuer != 0 ? find(watched, identity->issuer, identity->serial) : NULL;
    if (row != NULL) {
        *row = (struct watched_row){0};
        watched->n--;
    }
    pthread_mutex_unlock(&watched->lock);
}
