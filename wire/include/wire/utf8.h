// UTF-8 well-formedness, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <wire/bytes.h>

bool utf8_is_valid(struct bytes text);
