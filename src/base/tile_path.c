#include <base/tile_path.h>

#include <inttypes.h>
#include <stdio.h>

/* Groups of three digits, all but the last after an x. */
static size_t put_groups(char *to, size_t room, uint64_t index, const char *before)
{
    size_t n = 0;
    if (index >= 1000)
        n = put_groups(to, room, index / 1000, "x");
    n += (size_t)snprintf(to + n, room - n, "/%s%03" PRIu64, before, index % 1000);
    return n;
}

void tile_path(char ret[TILE_PATH_MAX], const char *kind, uint64_t index, size_t width)
{
    size_t n = (size_t)snprintf(ret, TILE_PATH_MAX, "tile/%s", kind);
    n += put_groups(ret + n, TILE_PATH_MAX - n, index, "");
    if (width < 256)
        snprintf(ret + n, TILE_PATH_MAX - n, ".p/%zu", width);
}
