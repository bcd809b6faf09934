/* A file's text, CSV or JSON objects, as rows of fields with their line numbers. */
#ifndef PROTO_IMPORT_LINES_H
#define PROTO_IMPORT_LINES_H

#include <base/err.h>
#include <wire/buf.h>

#include <stdbool.h>
#include <stdint.h>

#define ROW_FIELDS_MAX 32 /* more than there are columns, also in another CA's table */

struct row {
    uint32_t line;      /* where it begins, from 1 */
    const char *broken; /* not NULL: the text breaks its grammar here, and there are no fields */
    bool has_too_many, is_too_long;
    size_t n;
    struct bytes fields[ROW_FIELDS_MAX]; /* valid until the taker returns */
};

/* Of columns, ROW_FIELDS_MAX at most. */
struct names {
    const char *const *names;
    size_t n;
};

typedef enum result (*row_taker)(void *context, const struct row *row, struct err *err);

/* Gives every row that is not blank to `take`, also a broken one; `take`'s failure ends the
 * reading. After broken quoting it goes on with the next line. E_MEMORY. */
MUST_USE enum result lines_read(struct bytes csv, row_taker take, void *context, struct err *err);

/* The same from JSON objects (RFC 8259), one a line: the texts of their members, in the order of
 * `names`, empty where an object has none. E_MEMORY. */
MUST_USE enum result objects_read(struct bytes text, const struct names *names, row_taker take,
                                  void *context, struct err *err);

/* The first line of `rest`: up to LF, CR LF, or a CR alone, as CSV ends rows too. */
struct bytes line_first(struct bytes rest);
bool line_is_blank(struct bytes line);

#endif
