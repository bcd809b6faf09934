/* Which devices a file has named so far. */
#ifndef PROTO_IMPORT_SEEN_H
#define PROTO_IMPORT_SEEN_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdint.h>

struct seen {
    struct seen_device *devices; /* uthash; NULL: none */
};

/* E_CONFLICT with the earlier line when (product, serial number) was added before; E_MEMORY. */
MUST_USE enum result seen_add(struct seen *seen, struct bytes product, struct bytes serial_number,
                              uint32_t line, struct err *err);
void seen_free(struct seen *seen);

#endif
