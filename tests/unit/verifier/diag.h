// CBOR written as text, so that tests show what they send: RFC 8949 8 (diagnostic notation), as far
// as it is needed here: integers, "text", h'octets', <<octets of what is inside>>, [..], {..},
// 107(..), true, false, null, and $A to $Z for byte strings that the test has.
// %A puts the octets of a value there as they are, for what is CBOR already.
#pragma once

#include <wire/buf.h>

struct diag_values {
    struct bytes of[26];
};

// Appends; a text that is not well formed fails the test. Map keys stay in the order of the text.
void diag_write(struct buf *b, const char *text, const struct diag_values *values);
