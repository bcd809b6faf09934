/* zlib streams (RFC 1950), whole: status lists are carried so. */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include <base/blob.h>
#include <base/err.h>

/* The most compression there is. The caller owns `ret`. E_MEMORY. */
MUST_USE enum result deflate_bytes(struct bytes from, struct blob *ret, struct err *err);

/* Exactly `n` octets into `to`: E_SYNTAX when the stream is broken, gives fewer or more, or when
 * something follows it. What was written then is worthless. E_MEMORY. */
MUST_USE enum result inflate_bytes(struct bytes from, uint8_t *to, size_t n, struct err *err);

#endif
