/* Flash in memory: write granularity, erase blocks, wear, stuck bits, and a power cut at any
 * operation. What wears or sticks does so without a word, as real parts do: a write that does not
 * hold answers that it was well, and of erasures that a worn block does not take every other one.
 */
#pragma once

#include <boot/flash.h>

struct model {
    struct boot_flash flash; /* first: its context is the model */
    uint8_t *octets;
    uint32_t n;
    uint32_t *wear;     /* erasures, by block */
    uint32_t endurance; /* erasures that a block stands; 0: any number */
    struct {
        uint32_t at;
        uint8_t zeroes, ones; /* bits of that octet that stay so; none: nothing sticks */
        uint64_t since;       /* an operation */
    } stuck;
    uint64_t done;         /* operations so far */
    uint64_t random;       /* state of the generator that tears and wears */
    const char *violation; /* a rule of the part that was broken; NULL: none */
    /* Before each operation, if there is one. `tear` does any part of it. */
    void (*watch)(struct model *model);
    void *watcher;
    struct {
        bool is_erase;
        uint32_t at;
        const uint8_t *octets;
    } now;
};

struct geometry {
    const char *name;
    uint32_t erase_n, write_n;
    uint32_t slot_n; /* octets of a slot */
};

void model_open(struct model *model, const struct geometry *geometry, uint32_t n, uint64_t seed);
void model_close(struct model *model);

/* The same content and rules, without a watcher; its operations are counted anew. */
void model_copy(struct model *to, const struct model *from);

/* What sticks from the start on, does. */
void model_stick(struct model *model);

/* Does anything stick in that unit, or is its block worn? */
bool model_is_spoilt(const struct model *model, uint32_t at, uint32_t n);

/* What a power cut leaves of the operation that is now: any part. */
void model_tear(struct model *model, const struct model *during);

uint64_t model_random(struct model *model);
