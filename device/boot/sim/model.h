/* Flash in memory: write granularity, erase blocks, wear, stuck bits, and a power cut at any
 * operation. */
#pragma once

#include <boot/flash.h>

struct model {
    struct boot_flash flash; /* first: its context is the model */
    uint8_t *octets;
    uint32_t n;
    uint32_t *wear;               /* erasures, by block */
    uint32_t stuck_at, stuck_bit; /* an octet and its bits that stay 0; no bits: none */
    uint64_t done;                /* operations so far */
    uint64_t random;              /* state of the generator that tears */
    const char *violation;        /* a rule of the part that was broken; NULL: none */
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

/* The same content and rules, without a watcher. */
void model_copy(struct model *to, const struct model *from);

/* What a power cut leaves of the operation that is now: any part. */
void model_tear(struct model *model, const struct model *during);

uint64_t model_random(struct model *model);
