/* C strings as bytes, and bytes as C strings. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <wire/bytes.h>

/* Without the terminator. Borrows `text`, which is not NULL. */
static inline struct bytes text_bytes(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* Copies and terminates. False, and `to` empty, when there is no room or a NUL stands within. */
static inline bool text_copy(struct bytes from, char *to, size_t size)
{
    to[0] = '\0';
    if (from.n >= size || (from.n > 0 && memchr(from.p, 0, from.n) != NULL))
        return false;
    if (from.n > 0)
        memcpy(to, from.p, from.n);
    to[from.n] = '\0';
    return true;
}

#endif
