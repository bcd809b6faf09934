#include "cutoff.h"

#include <stdlib.h>
#include <string.h>

const uint32_t cutoff_bucket_ms[CUTOFF_BUCKETS] = {10, 25, 50, 100, 250, 500, 1000, 2500, 5000};

void cutoffs_free(struct cutoffs *cutoffs)
{
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        free(cutoffs->boundaries[i]);
    free(cutoffs->boundaries);
    *cutoffs = (struct cutoffs){0};
}

void cutoffs_add(struct cutoffs *cutoffs, const struct cutoff *cutoff)
{
    size_t at = cutoffs->n % CUTOFFS_MAX;
    cutoffs->ring[at] = *cutoff;
    cutoffs->n++;
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        cutoffs->boundaries[i]->took_ms[at] = CUTOFF_WAITS;
}

struct cutoff_boundary *cutoffs_find(const struct cutoffs *cutoffs, uint32_t id)
{
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        if (cutoffs->boundaries[i]->id == id)
            return cutoffs->boundaries[i];
    return NULL;
}

void cutoffs_forget(struct cutoffs *cutoffs, uint32_t id)
{
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        if (cutoffs->boundaries[i]->id != id)
            continue;
        free(cutoffs->boundaries[i]);
        cutoffs->boundaries[i] = cutoffs->boundaries[--cutoffs->boundaries_n];
        return;
    }
}

/* What there was before it was heard of is not measured. */
static struct cutoff_boundary *add_boundary(struct cutoffs *cutoffs, uint32_t id)
{
    if (cutoffs->boundaries_n == LIMIT_BOUNDARIES)
        return NULL;
    if (cutoffs->boundaries_n == cutoffs->boundaries_max) {
        size_t max = cutoffs->boundaries_max == 0 ? 8 : cutoffs->boundaries_max * 2;
        void *boundaries = reallocarray(cutoffs->boundaries, max, sizeof *cutoffs->boundaries);
        if (boundaries == NULL)
            return NULL;
        cutoffs->boundaries = boundaries;
        cutoffs->boundaries_max = max;
    }
    struct cutoff_boundary *boundary = calloc(1, sizeof *boundary);
    if (boundary == NULL)
        return NULL;
    boundary->id = id;
    boundary->since = boundary->next = cutoffs->n;
    cutoffs->boundaries[cutoffs->boundaries_n++] = boundary;
    return boundary;
}

static void measure(struct cutoff_boundary *boundary, uint64_t cutoff, int64_t took_ms)
{
    uint32_t ms = took_ms < 0 ? 0 : took_ms < CUTOFF_WAITS ? (uint32_t)took_ms : CUTOFF_WAITS - 1;
    size_t bucket = 0;
    while (bucket < CUTOFF_BUCKETS && ms > cutoff_bucket_ms[bucket])
        bucket++;
    boundary->took_ms[cutoff % CUTOFFS_MAX] = ms;
    boundary->buckets[bucket]++;
    boundary->count++;
    boundary->sum_ms += ms;
    if (ms > boundary->slowest_ms)
        boundary->slowest_ms = ms;
}

struct cutoff_boundary *cutoffs_heard(struct cutoffs *cutoffs, uint32_t id, uint64_t status,
                                      int64_t now_ms)
{
    struct cutoff_boundary *boundary = cutoffs_find(cutoffs, id);
    if (boundary == NULL)
        boundary = add_boundary(cutoffs, id);
    if (boundary == NULL)
        return NULL;
    boundary->heard_ms = now_ms;
    boundary->status = status;
    if (boundary->next + CUTOFFS_MAX < cutoffs->n) /* what fell out of the ring is not measured */
        boundary->next = cutoffs->n - CUTOFFS_MAX;
    for (; boundary->next < cutoffs->n; boundary->next++) {
        const struct cutoff *cutoff = &cutoffs->ring[boundary->next % CUTOFFS_MAX];
        if (cutoff->generation > status)
            break;
        measure(boundary, boundary->next, now_ms - cutoff->commit_ms);
    }
    return boundary;
}

bool cutoffs_of_entry(const struct cutoffs *cutoffs, uint64_t entry, uint64_t *ret)
{
    uint64_t oldest = cutoffs->n > CUTOFFS_MAX ? cutoffs->n - CUTOFFS_MAX : 0;
    for (uint64_t i = cutoffs->n; i > oldest; i--) {
        const struct cutoff *cutoff = &cutoffs->ring[(i - 1) % CUTOFFS_MAX];
        if (entry < cutoff->first || entry >= cutoff->entries)
            continue;
        *ret = i - 1;
        return true;
    }
    return false;
}

bool cutoffs_took(const struct cutoff_boundary *boundary, uint64_t cutoff, uint32_t *ret_ms)
{
    if (cutoff < boundary->since)
        return false;
    *ret_ms = boundary->took_ms[cutoff % CUTOFFS_MAX];
    return true;
}
