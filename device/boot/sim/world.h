/* A device for the simulator: keys, images and key sets that were really signed, and its flash. */
#pragma once

#include "model.h"

#include <boot/boot.h>

#define WORLD_KEYS 3
#define WORLD_IMAGES 5
#define WORLD_SETS 2

enum world_image { IMAGE_OLD, IMAGE_NEW, IMAGE_NEWER, IMAGE_LOW, IMAGE_FOREIGN };

struct world_file {
    uint8_t *p;
    size_t n;
};

struct world {
    const struct geometry *geometry;
    struct troth_crypto crypto;
    struct boot_device device;
    struct world_file images[WORLD_IMAGES];    /* payloads */
    struct world_file envelopes[WORLD_IMAGES]; /* payloads not in them */
    uint8_t digests[WORLD_IMAGES][TROTH_HASH_N];
    struct world_file sets[WORLD_SETS]; /* 0: built in; 1 follows it */
    struct model factory; /* with IMAGE_OLD in slot 0, and where there is a recovery image,
                             IMAGE_NEW in slot 1 */
};

/* Images have `image_n` octets, or some less. Of the same seed keys and signatures are the same. */
void world_open(struct world *world, const struct geometry *geometry, bool is_single,
                uint32_t image_n, uint64_t seed);
void world_close(struct world *world);

/* Into a blank slot of the factory's flash. */
void world_put(struct world *world, unsigned slot, unsigned image);

/* Octets of that image: a boot_fetch, whose context is the file. */
bool world_fetch(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to, uint32_t n);

/* Which image a report says was started; WORLD_IMAGES: none of them. */
unsigned world_image_of(const struct world *world, const struct boot_report *report);

/* Envelope and image lie whole in that slot. */
bool world_has(const struct world *world, const struct model *model, unsigned slot, unsigned image);

/* The octets in flash are the image's that was said. */
bool world_is_true(const struct world *world, const struct model *model,
                   const struct boot_report *report);
