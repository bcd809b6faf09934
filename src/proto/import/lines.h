/* CSV text as rows of fields with their line numbers. */
#ifndef PROTO_IMPORT_LINES_H
#define PROTO_IMPORT_LINES_H

#include <base/err.h>
#include <wire/buf.h>

#include <stdbool.h>
#include <stdint.h>

#define ROW_FIELDS_MAX 16 /* more than there are columns */

struct row {
    uint32_t line;      /* where it begins, from 1 */
    const char *broken; /* not NULL: the text breaks RFC 4180 here, and there are no fields */
    bool has_too_many, is_too_long;
    size_t n;
    struct bytes fields[ROW_FIELDS_MAX]; /* valid until the taker returns */
};

typedef enum result (*row_taker)(void *context, const struct row *row, struct err *err);

/* Gives every row that is not blank to `take`, also a broken one; `take`'s failure ends the
 * reading. After broken quoting it goes on with the next line. E_MEMORY. */
MUST_USE enum result lines_read(struct bytes csv, row_taker take, void *context, struct err *err);

#endif
