// What the compiler asks for where there is no C library: small, and by words where both ends are
// aligned. Compile it with -fno-builtin -fno-tree-loop-distribute-patterns, or the loops become
// calls to themselves.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int octet, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);

typedef uint32_t __attribute__((may_alias)) word;

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *at = to;
    const uint8_t *p = from;
    if (((uintptr_t)at | (uintptr_t)p) % sizeof(word) == 0)
        for (; n >= sizeof(word); n -= sizeof(word), at += sizeof(word), p += sizeof(word))
            *(word *)(void *)at = *(const word *)(const void *)p;
    while (n-- > 0)
        *at++ = *p++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    uint8_t *at = to;
    const uint8_t *p = from;
    if (at <= p)
        return memcpy(to, from, n);
    while (n-- > 0)
        at[n] = p[n];
    return to;
}

void *memset(void *to, int octet, size_t n)
{
    uint8_t *at = to;
    if ((uintptr_t)at % sizeof(word) == 0)
        for (; n >= sizeof(word); n -= sizeof(word), at += sizeof(word))
            *(word *)(void *)at = (uint8_t)octet * 0x01010101u;
    while (n-- > 0)
        *at++ = (uint8_t)octet;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

size_t strlen(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}
