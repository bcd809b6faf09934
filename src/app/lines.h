/* Text that people print and carry: a line at a time, out and in. Private to app. */
#ifndef APP_LINES_H
#define APP_LINES_H

#include <wire/buf.h>

#include <stdint.h>

/* Appends formatted text; what is longer than 1,024 octets fails the buffer. */
__attribute__((format(printf, 2, 3))) void lines_put(struct buf *b, const char *format, ...);

/* SHA-256 of the bytes in hexadecimal digits. */
struct lines_digest {
    char text[65];
};
struct lines_digest lines_digest_of(struct bytes bytes);

/* RFC 3339, in UTC. */
struct lines_instant {
    char text[32];
};
struct lines_instant lines_instant_of(int64_t at_s);

/* The first line of `rest`, without its line feed, which it loses. Empty at the end. */
struct bytes lines_take(struct bytes *rest);

/* Has `line` this beginning? Then *ret is what follows. */
bool lines_begins(struct bytes line, const char *with, struct bytes *ret);

#endif
