/* Memory of one request: handed out piece by piece, given back all at once.
 *
 * The arena never holds more than the maximum it was made with: whoever sends more gets NULL, which
 * the caller reports as R_LIMIT. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <wire/bytes.h>

#include <stddef.h>

struct arena;

/* An empty arena that hands out at most `max` bytes (more than 0), alignment included, between two
 * resets. NULL without memory or for max 0. The caller owns it. */
struct arena *arena_new(size_t max);

/* Frees everything; NULL is fine. arena_freep is for CLEANUP. */
void arena_free(struct arena *arena);
void arena_freep(struct arena **arena);

/* Ends every piece handed out, and keeps the first block for the next request. */
void arena_reset(struct arena *arena);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* All below: zeroed or copied memory, aligned for any type, owned by the arena and valid until
 * reset or free; NULL at the maximum or without memory. */
void *arena_alloc(struct arena *arena, size_t n);
/* `count` things of `size` bytes; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of the bytes, with a NUL behind them that is not counted. */
void *arena_dup(struct arena *arena, struct bytes from);
/* A copy of NUL-terminated text. */
char *arena_text(struct arena *arena, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
                                                         ...);

#endif
