#include "image.h"

#include <base/deflate.h>

#include <stdlib.h>

#define ROOM_MIN 1024

/* A delta that was signed, from which the image cannot go on. */
static enum result refuse_gap(const struct image *image, const struct feed_delta *delta,
                              struct err *err)
{
    return err_set(err, E_CONFLICT,
                   "the delta leads from generation %llu to %llu; wanted one from %llu",
                   (unsigned long long)delta->from, (unsigned long long)delta->to,
                   (unsigned long long)image->generation);
}

enum result image_new(uint64_t generation, struct image **ret, struct err *err)
{
    struct image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return err_set(err, E_MEMORY, "status image");
    image->generation = generation;
    *ret = image;
    return OK;
}

void image_free(struct image *image)
{
    if (image == NULL)
        return;
    for (size_t i = 0; i < image->n; i++)
        free(image->shards[i].octets);
    free(image->shards);
    free(image);
}

void image_freep(struct image **image)
{
    image_free(*image);
}

/* Where the shard is or would be. */
static size_t find(const struct image *image, struct status_space space)
{
    size_t low = 0, high = image->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (status_space_is_before(image->shards[middle].space, space))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct image_shard *shard_of(const struct image *image, struct status_space space)
{
    size_t at = find(image, space);
    return at < image->n && status_space_is(image->shards[at].space, space) ? &image->shards[at]
                                                                            : NULL;
}

static enum result make_room(struct image_shard *shard, uint32_t high, struct err *err)
{
    size_t wanted = status_octets(high), room = shard->room == 0 ? ROOM_MIN : shard->room;
    while (room < wanted)
        room *= 2;
    if (room == shard->room)
        return OK;
    uint8_t *grown = realloc(shard->octets, room);
    if (grown == NULL)
        return err_set(err, E_MEMORY, "%zu octets for a status shard", room);
    memset(grown + shard->room, 0, room - shard->room);
    shard->octets = grown;
    shard->room = room;
    return OK;
}

/* Takes over shard->octets. */
static enum result insert(struct image *image, struct image_shard *shard, struct err *err)
{
    size_t at = find(image, shard->space);
    if (image->n == IMAGE_SHARDS_MAX)
        return err_set(err, E_TOO_LARGE, "more than %d status shards", IMAGE_SHARDS_MAX);
    if (image->n == image->max) {
        size_t max = image->max == 0 ? 16 : image->max * 2;
        struct image_shard *grown = realloc(image->shards, max * sizeof *grown);
        if (grown == NULL)
            return err_set(err, E_MEMORY, "%zu status shards", max);
        image->shards = grown;
        image->max = max;
    }
    memmove(&image->shards[at + 1], &image->shards[at], (image->n - at) * sizeof *image->shards);
    image->shards[at] = *shard;
    image->n++;
    return OK;
}

static void shard_free(struct image_shard *shard)
{
    free(shard->octets);
}

enum result image_add(struct image *image, const struct status_list *list, struct err *err)
{
    CLEANUP(shard_free)
    struct image_shard shard = {
        .space = list->space, .high = list->high, .generation = list->generation};
    if (shard_of(image, list->space) != NULL)
        return err_set(err, E_CONFLICT, "two lists of one shard");
    TRY(make_room(&shard, list->high, err));
    TRY(inflate_bytes(list->compressed, shard.octets, status_octets(list->high), err));
    for (uint32_t i = list->high; i % 4 != 0; i++)
        if (status_at(shard.octets, i) != STATUS_VALID)
            return err_set(err, E_SYNTAX, "a status list has bits above its mark");
    TRY(insert(image, &shard, err));
    shard.octets = NULL;
    return OK;
}

/* ---- deltas -----------------------------------------------------------------------------------
 */

/* Is what the delta says of this shard in its list already? */
static bool is_in(const struct image_shard *shard, const struct feed_delta *delta)
{
    return delta->to <= shard->generation;
}

static enum result prepare_space(struct image *image, const struct feed_delta *delta,
                                 const struct feed_space *space, struct err *err)
{
    struct image_shard *shard = shard_of(image, space->space);
    if (shard == NULL) {
        struct image_shard fresh = {.space = space->space};
        TRY(insert(image, &fresh, err));
        shard = shard_of(image, space->space);
    }
    if (is_in(shard, delta))
        return OK;
    if (space->high < shard->high)
        return err_set(err, E_CONFLICT,
                       "the mark of %u-%u-%u falls from %u to %u; wanted one that rises",
                       space->space.issuer, space->space.expiry_class, space->space.shard,
                       shard->high, space->high);
    return make_room(shard, space->high, err);
}

enum result image_prepare(struct image *image, const struct feed_delta *delta, struct err *err)
{
    struct reader walk = feed_walk(delta->spaces);
    struct feed_space space;
    if (delta->from != image->generation)
        return refuse_gap(image, delta, err);
    while (feed_next_space(&walk, &space))
        TRY(prepare_space(image, delta, &space, err));
    return OK;
}

/* Indices that the mark takes in are valid unless the delta says otherwise: wire/feed.h. */
static void apply_space(struct image_shard *shard, const struct feed_space *space)
{
    struct reader walk = reader_of(space->changes);
    struct feed_change change;
    while (feed_next_change(&walk, &change))
        status_put(shard->octets, change.index, change.status);
    shard->high = space->high;
}

void image_apply(struct image *image, const struct feed_delta *delta)
{
    struct reader walk = feed_walk(delta->spaces);
    struct feed_space space;
    while (feed_next_space(&walk, &space)) {
        struct image_shard *shard = shard_of(image, space.space);
        if (shard != NULL && !is_in(shard, delta))
            apply_space(shard, &space);
    }
    image->generation = delta->to;
}

/* ---- looking ----------------------------------------------------------------------------------
 */

enum boundary_reason image_look(const struct image *image, struct status_space space,
                                uint32_t index)
{
    const struct image_shard *shard = shard_of(image, space);
    if (shard == NULL || index >= shard->high)
        return BOUNDARY_UNKNOWN;
    switch (status_at(shard->octets, index)) {
    case STATUS_VALID:
        return BOUNDARY_ADMITTED;
    case STATUS_INVALID:
        return BOUNDARY_INVALID;
    case STATUS_SUSPENDED:
        return BOUNDARY_SUSPENDED;
    case STATUS_SUPERSEDED:
        return BOUNDARY_SUPERSEDED;
    }
    return BOUNDARY_REFUSED;
}

size_t image_octets(const struct image *image)
{
    size_t n = sizeof *image + image->max * sizeof *image->shards;
    for (size_t i = 0; i < image->n; i++)
        n += image->shards[i].room;
    return n;
}
