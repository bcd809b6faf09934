/* Private: how long from the commit that ended a trust until each boundary said that it enforces
 * that. Memory only: a start begins anew. */
#ifndef CORE_CUTOFF_H
#define CORE_CUTOFF_H

#include <base/limits.h>
#include <trust/cutoff_words.h>
#include <wire/bytes.h>

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
    char name[LIMIT_NAME + 1];
    bool is_named;    /* in the set that comes */
    bool is_heard;    /* since the start */
    int64_t heard_ms; /* monotonic; before that when it came into use here */
    uint64_t status, service;
    uint64_t since; /* cut-offs before it were enforced, or not, before it was heard of */
    uint64_t next;  /* the first cut-off that it has not said it enforces */
    uint32_t took_ms[CUTOFFS_MAX]; /* by cut-off, as in the ring; CUTOFF_WAITS: it has not */
    uint32_t slowest_ms, last_ms;  /* of all, and of the last one */
    struct cutoff_stand {          /* as the database has it: feed_stand.c */
        bool is_read, is_behind, is_slow;
        int64_t written_ms;
        uint64_t status, service;
    } stand;
    uint64_t buckets[CUTOFF_BUCKETS + 1], count, sum_ms;
};

struct cutoff_when {
    int64_t now_ms, silent_ms;
};

struct cutoffs {
    struct cutoff ring[CUTOFFS_MAX];     /* cut-off i at i % CUTOFFS_MAX */
    uint64_t n;                          /* that there ever were */
    struct cutoff_boundary **boundaries; /* each owned */
    size_t boundaries_n, boundaries_max;
};

void cutoffs_free(struct cutoffs *cutoffs);

void cutoffs_add(struct cutoffs *cutoffs, const struct cutoff *cutoff);

/* The boundaries in use, one after the other, then the end: others are forgotten. False without
 * memory, or for one too many. */
bool cutoffs_name(struct cutoffs *cutoffs, uint32_t id, struct bytes name, int64_t now_ms);
void cutoffs_named(struct cutoffs *cutoffs);

/* Boundary `id` polls, and enforces the generation `status`; NULL for one that is not in use. */
struct cutoff_boundary *cutoffs_heard(struct cutoffs *cutoffs, uint32_t id, uint64_t status,
                                      int64_t now_ms);

/* The cut-off that has what the entry ended, by its number. False: the entry ended nothing, or long
 * ago. */
bool cutoffs_of_entry(const struct cutoffs *cutoffs, uint64_t entry, uint64_t *ret);

/* Since when the oldest cut-off that the boundary does not enforce is committed; 0: it enforces
 * all. */
int64_t cutoffs_owed_ms(const struct cutoffs *cutoffs, const struct cutoff_boundary *boundary);

/* How a boundary stands to a cut-off, and how long it took, or takes. `silent_ms`: who was not
 * heard for so long is silent. */
enum cutoff_state cutoffs_state(const struct cutoffs *cutoffs,
                                const struct cutoff_boundary *boundary, uint64_t cutoff,
                                const struct cutoff_when *when, uint32_t *ret_ms);

#endif
