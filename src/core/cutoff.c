#include "cutoff.h"

#include <base/text.h>

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

static struct cutoff_boundary *find(const struct cutoffs *cutoffs, uint32_t id)
{
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        if (cutoffs->boundaries[i]->id == id)
            return cutoffs->boundaries[i];
    return NULL;
}

/* ---- who is in use --------------------------------------------------------------------------- */

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

bool cutoffs_name(struct cutoffs *cutoffs, uint32_t id, struct bytes name, int64_t now_ms)
{
    struct cutoff_boundary *boundary = find(cutoffs, id);
    if (boundary == NULL)
        boundary = add_boundary(cutoffs, id);
    if (boundary == NULL)
        return false;
    if (boundary->heard_ms == 0)
        boundary->heard_ms = now_ms;
    boundary->is_named = true;
    (void)text_copy(name, boundary->name, sizeof boundary->name);
    return true;
}

void cutoffs_named(struct cutoffs *cutoffs)
{
    size_t kept = 0;
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        struct cutoff_boundary *boundary = cutoffs->boundaries[i];
        if (boundary->is_named)
            cutoffs->boundaries[kept++] = boundary;
        else
            free(boundary);
    }
    cutoffs->boundaries_n = kept;
    for (size_t i = 0; i < kept; i++)
        cutoffs->boundaries[i]->is_named = false;
}

/* ---- what they say --------------------------------------------------------------------------- */

static void measure(struct cutoff_boundary *boundary, uint64_t cutoff, int64_t took_ms)
{
    uint32_t ms = took_ms < 0 ? 0 : took_ms < CUTOFF_WAITS ? (uint32_t)took_ms : CUTOFF_WAITS - 1;
    size_t bucket = 0;
    while (bucket < CUTOFF_BUCKETS && ms > cutoff_bucket_ms[bucket])
        bucket++;
    boundary->took_ms[cutoff % CUTOFFS_MAX] = ms;
    boundary->buckets[bucket]++;
    boundary->count++;
    boundary->last_ms = ms;
    boundary->sum_ms += ms;
    if (ms > boundary->slowest_ms)
        boundary->slowest_ms = ms;
}

struct cutoff_boundary *cutoffs_heard(struct cutoffs *cutoffs, uint32_t id, uint64_t status,
                                      int64_t now_ms)
{
    struct cutoff_boundary *boundary = find(cutoffs, id);
    if (boundary == NULL)
        return NULL;
    if (!boundary->is_heard) /* it may have begun long before */
        boundary->since = boundary->next = cutoffs->n;
    boundary->is_heard = true;
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

enum cutoff_state cutoffs_state(const struct cutoffs *cutoffs,
                                const struct cutoff_boundary *boundary, uint64_t cutoff,
                                const struct cutoff_when *when, uint32_t *ret_ms)
{
    int64_t so_far_ms = when->now_ms - cutoffs->ring[cutoff % CUTOFFS_MAX].commit_ms;
    bool is_silent = when->now_ms - boundary->heard_ms > when->silent_ms || !boundary->is_heard;
    *ret_ms = so_far_ms < CUTOFF_WAITS ? (uint32_t)so_far_ms : CUTOFF_WAITS - 1;
    if (cutoff < boundary->since && boundary->is_heard)
        return CUTOFF_UNKNOWN;
    if (boundary->is_heard && cutoff < boundary->next) {
        *ret_ms = boundary->took_ms[cutoff % CUTOFFS_MAX];
        return *ret_ms == CUTOFF_WAITS ? CUTOFF_UNKNOWN : CUTOFF_ENFORCED;
    }
    if (so_far_ms <= CUTOFF_PROMISED_MS)
        return CUTOFF_PENDING;
    return is_silent ? CUTOFF_SILENT : CUTOFF_BEHIND;
}

int64_t cutoffs_owed_ms(const struct cutoffs *cutoffs, const struct cutoff_boundary *boundary)
{
    uint64_t oldest = cutoffs->n > CUTOFFS_MAX ? cutoffs->n - CUTOFFS_MAX : 0;
    uint64_t next = boundary->next > oldest ? boundary->next : oldest;
    return next < cutoffs->n ? cutoffs->ring[next % CUTOFFS_MAX].commit_ms : 0;
}
