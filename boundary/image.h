/* What a boundary holds of all certificates: two bits each, and which of them there are. Plain
 * data; who shares one between threads locks it. */
#ifndef BOUNDARY_IMAGE_H
#define BOUNDARY_IMAGE_H

#include <base/err.h>
#include <wire/boundary_report.h>
#include <wire/feed.h>
#include <wire/status_list.h>

/* 256 KB each: what a server with 4 billion certificates would send is refused before it is taken.
 */
#define IMAGE_SHARDS_MAX 4096

struct image_shard {
    struct status_space space;
    uint32_t high;       /* indices from it on were never given */
    uint64_t generation; /* of its list: what deltas up to it say is in */
    size_t room;         /* octets at `octets` */
    uint8_t *octets;     /* owned */
};

struct image {
    uint64_t generation;
    struct image_shard *shards; /* by space; owned */
    size_t n, max;
};

/* An empty one. E_MEMORY. */
MUST_USE enum result image_new(uint64_t generation, struct image **ret, struct err *err);
void image_free(struct image *image);
void image_freep(struct image **image);

/* Takes a list that was verified; inflates it. E_SYNTAX, E_CONFLICT for a shard that is there,
 * E_TOO_LARGE, E_MEMORY. */
MUST_USE enum result image_add(struct image *image, const struct status_list *list,
                               struct err *err);

/* May this delta be applied: does it lead on from the image's generation, does no mark fall? Makes
 * room for it, so that image_apply() cannot fail. What the image says is not changed. E_CONFLICT
 * for a gap and for a mark that falls, E_TOO_LARGE, E_MEMORY. */
MUST_USE enum result image_prepare(struct image *image, const struct feed_delta *delta,
                                   struct err *err);
/* Of a delta that was prepared. Some microseconds. */
void image_apply(struct image *image, const struct feed_delta *delta);

/* BOUNDARY_ADMITTED where the status is valid. */
enum boundary_reason image_look(const struct image *image, struct status_space space,
                                uint32_t index);

size_t image_octets(const struct image *image);

#endif
