// What the compiler asks for where there is no C library. Each is as small as it gets; compile it
// with -fno-builtin -fno-tree-loop-distribute-patterns, or the loops become calls to themselves.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int octet, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *at = to;
    const uint8_t *p = from;
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
