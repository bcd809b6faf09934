/* Where a tile lies (C2SP tlog-tiles): tile/0/x001/234.p/56. */
#ifndef BASE_TILE_PATH_H
#define BASE_TILE_PATH_H

#include <stddef.h>
#include <stdint.h>

#define TILE_PATH_MAX 64

/* `kind` is a level, or "entries". `width` 256 is the full tile; less is its partial one. */
void tile_path(char ret[TILE_PATH_MAX], const char *kind, uint64_t index, size_t width);

#endif
