/* What the texts of every import have to be, whatever file they stand in. */
#ifndef PROTO_IMPORT_FIELDS_H
#define PROTO_IMPORT_FIELDS_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stddef.h>

/* `min` to `max` octets of UTF-8 without control characters. E_SYNTAX with `name`. */
MUST_USE enum result field_check_text(const char *name, struct bytes text, size_t min, size_t max,
                                      struct err *err);

/* A PrintableString (X.520 serialNumber) that an address can say: without a slash, and not "." or
 * "..", which are ambiguous there even when they are escaped. E_SYNTAX with `name`. */
MUST_USE enum result field_check_serial_number(const char *name, struct bytes text,
                                               struct err *err);

#endif
