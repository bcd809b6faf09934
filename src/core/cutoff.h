/* Private: how long from the commit that ended a trust until each boundary said that it enforces
 * that. Memory only: a start begins anew. */
#ifndef CORE_CUTOFF_H
#define CORE_CUTOFF_H

#include <base/limits.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUTOFFS_MAX 256  /* the last ones */
#define CUTOFF_BUCKETS 9 /* of the histogram, beside +Inf */
#define CUTOFF_WAITS UINT32_MAX

extern const uint32_t cutoff_bucket_ms[CUTOFF_BUCKETS];

/* What was committed since the last one and ended trust, up to the delta, or catalogue, that has
 * the rest of it. */
struct cutoff {
    uint64_t generation;     /* of that delta or catalogue */
    uint64_t first, entries; /* of the ledger: entries from `first` on, below `entries` */
    int64_t commit_ms;       /* monotonic: of its first change */
};

/* What one boundary has said since the start. */
struct cutoff_boundary {
    uint32_t id;
    int64_t heard_ms; /* monotonic */
    uint64_t status, service;
    uint64_t since; /* cut-offs before it were enforced, or not, before it was heard of */
    uint64_t next;  /* the first cut-off that it has not said it enforces */
    uint32_t took_ms[CUTOFFS_MAX]; /* by cut-off, as in the ring; CUTOFF_WAITS: it has not */
    uint32_t slowest_ms;
    uint64_t buckets[CUTOFF_BUCKETS + 1], count, sum_ms;
};

struct cutoffs {
    struct cutoff ring[CUTOFFS_MAX];     /* cut-off i at i % CUTOFFS_MAX */
    uint64_t n;                          /* that there ever were */
    struct cutoff_boundary **boundaries; /* each owned */
    size_t boundaries_n, boundaries_max;
};

void cutoffs_free(struct cutoffs *cutoffs);

void cutoffs_add(struct cutoffs *cutoffs, const struct cutoff *cutoff);

/* Boundary `id` polls, and enforces the generation `status`; NULL without memory, or for one too
 * many. */
struct cutoff_boundary *cutoffs_heard(struct cutoffs *cutoffs, uint32_t id, uint64_t status,
                                      int64_t now_ms);

/* NULL: it was not heard of since the start. */
struct cutoff_boundary *cutoffs_find(const struct cutoffs *cutoffs, uint32_t id);
/* It is no boundary any more. */
void cutoffs_forget(struct cutoffs *cutoffs, uint32_t id);

/* The cut-off that has what the entry ended, by its number. False: the entry ended nothing, or long
 * ago. */
bool cutoffs_of_entry(const struct cutoffs *cutoffs, uint64_t entry, uint64_t *ret);

/* How long the boundary took for a cut-off; CUTOFF_WAITS: it has not said yet that it enforces it.
 * False: nobody knows, it was first heard of later. */
bool cutoffs_took(const struct cutoff_boundary *boundary, uint64_t cutoff, uint32_t *ret_ms);

#endif
