#include "boundaries.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX (2 * LIMIT_BOUNDARIES) /* one that renews has two */

void boundaries_free(struct boundaries *boundaries)
{
    free(boundaries->known);
    free(boundaries->coming);
    *boundaries = (struct boundaries){0};
}

enum result boundaries_add(struct boundaries *boundaries, uint32_t id, const uint8_t spki[32],
                           struct err *err)
{
    if (boundaries->coming_n == KEYS_MAX)
        return err_set(err, E_TOO_LARGE, "boundaries: want at most %d keys", KEYS_MAX);
    if (boundaries->coming_n == boundaries->coming_max) {
        size_t max = boundaries->coming_max == 0 ? 16 : boundaries->coming_max * 2;
        void *coming = reallocarray(boundaries->coming, max, sizeof *boundaries->coming);
        if (coming == NULL)
            return err_set(err, E_MEMORY, "no memory for %zu boundaries", max);
        boundaries->coming = coming;
        boundaries->coming_max = max;
    }
    struct boundary_known *known = &boundaries->coming[boundaries->coming_n++];
    known->id = id;
    memcpy(known->spki, spki, sizeof known->spki);
    return OK;
}

static int compare(const void *a, const void *b)
{
    const struct boundary_known *one = a, *other = b;
    return memcmp(one->spki, other->spki, sizeof one->spki);
}

enum result boundaries_end(struct boundaries *boundaries, uint32_t count, struct err *err)
{
    size_t came = boundaries->coming_n;
    boundaries->coming_n = 0;
    if (came != count)
        return err_set(err, E_BUG, "boundaries: saw %zu, want %u", came, count);
    if (came > 1)
        qsort(boundaries->coming, came, sizeof *boundaries->coming, compare);
    free(boundaries->known);
    boundaries->known = boundaries->coming;
    boundaries->n = came;
    boundaries->coming = NULL;
    boundaries->coming_max = 0;
    return OK;
}

uint32_t boundaries_find(const struct boundaries *boundaries, const uint8_t spki[32])
{
    struct boundary_known wanted = {0};
    memcpy(wanted.spki, spki, sizeof wanted.spki);
    const struct boundary_known *found =
        boundaries->n == 0
            ? NULL
            : bsearch(&wanted, boundaries->known, boundaries->n, sizeof wanted, compare);
    return found == NULL ? 0 : found->id;
}
