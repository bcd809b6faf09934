#include <base/arena.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 8192u /* one request's usual need: one malloc */
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next; /* the block before it */
    size_t size, used;
    _Alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct block *top; /* pieces are cut from this one */
    size_t max, used;
};

struct arena *arena_new(size_t max)
{
    if (max == 0)
        return NULL;
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL)
        arena->max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2; /* sums of sizes cannot overflow */
    return arena;
}

static struct block *blocks_free(struct block *from, struct block *until)
{
    while (from != until) {
        struct block *next = from->next;
        free(from);
        from = next;
    }
    return until;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    blocks_free(arena->top, NULL);
    free(arena);
}

void arena_freep(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    struct block *first = arena->top;
    while (first != NULL && first->next != NULL)
        first = first->next;
    arena->top = blocks_free(arena->top, first);
    if (first != NULL)
        first->used = 0;
    arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

/* A block with room for `n` bytes on top, or false without memory. */
static bool block_ensure(struct arena *arena, size_t n)
{
    struct block *top = arena->top;
    if (top != NULL && top->size - top->used >= n)
        return true;
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return false;
    *block = (struct block){.next = top, .size = size};
    arena->top = block;
    return true;
}

void *arena_alloc(struct arena *arena, size_t n)
{
    if (n > arena->max)
        return NULL;
    size_t need = n == 0 ? ALIGNMENT : (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (need > arena->max - arena->used || !block_ensure(arena, need))
        return NULL;
    struct block *top = arena->top;
    uint8_t *piece = top->data + top->used;
    top->used += need;
    arena->used += need;
    memset(piece, 0, need);
    return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(arena, total);
}

void *arena_dup(struct arena *arena, struct bytes from)
{
    char *copy = from.n < SIZE_MAX ? arena_alloc(arena, from.n + 1) : NULL;
    if (copy != NULL && from.n > 0)
        memcpy(copy, from.p, from.n);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_dup(arena, (struct bytes){(const uint8_t *)text, strlen(text)});
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
