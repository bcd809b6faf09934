// Hexadecimal text, RFC 4648 section 8. Encodes in lower case, decodes both.
#pragma once

#include <wire/buf.h>

// Appends 2 * in.n characters. Not constant time: the table look-up leaks through the cache.
void hex_encode(struct buf *b, struct bytes in);

// Appends the bytes; false (and the buffer unchanged) on an odd length, a foreign character or lack
// of room. No prefix, separator or white space is accepted.
bool hex_decode(struct buf *b, struct bytes text) WIRE_MUST_USE;
