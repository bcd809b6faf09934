// UTF-8 well-formedness, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <wire/bytes.h>

/*@ requires text.n == 0 || \valid_read(text.p + (0 .. text.n - 1));
    assigns \nothing; */
bool utf8_is_valid(struct bytes text);
