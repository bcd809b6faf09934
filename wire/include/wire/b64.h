// Base64, RFC 4648 section 4, and its URL alphabet without padding, section 5.
//
// On failure a decoder returns false and leaves the buffer as it was. None is constant time.
#pragma once

#include <wire/buf.h>

// Room that n bytes take as base64 with padding, and at most take after decoding n characters.
#define B64_ENCODED_MAX(n) (((n) + 2) / 3 * 4)
#define B64_DECODED_MAX(n) (((n) + 3) / 4 * 3)

// One unbroken line: strongSwan's decoder does not skip line breaks.
void b64_encode(struct buf *b, struct bytes in);

// Canonical text only: length a multiple of 4, padding present, unused bits zero, nothing else.
bool b64_decode(struct buf *b, struct bytes text) WIRE_MUST_USE;

// The same, but white space (space, tab, CR, LF) may stand anywhere: RFC 8951 section 3.1.
bool b64_decode_lenient(struct buf *b, struct bytes text) WIRE_MUST_USE;

void b64url_encode(struct buf *b, struct bytes in);
bool b64url_decode(struct buf *b, struct bytes text) WIRE_MUST_USE;
