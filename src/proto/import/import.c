/* Rows of the import file as devices: columns by name, each value by its rule. */
#include "fields.h"
#include "lines.h"
#include "seen.h"

#include <base/limits.h>
#include <proto/import.h>
#include <wire/hex.h>

#include <string.h>

enum column {
    COLUMN_PRODUCT,
    COLUMN_SERIAL,
    COLUMN_KEY,
    COLUMN_CSR,
    COLUMN_CERTIFICATE,
    COLUMN_SPKI,
    COLUMN_OWNER,
    COLUMN_BATCH,
    COLUMN_HOLD,
    COLUMN_REPLACES,
    COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
    "product", "serial", "key", "csr", "certificate", "spki", "owner", "batch", "hold", "replaces",
};

struct import {
    const struct import_sink *sink;
    struct import_counts counts;
    bool has_header;
    const char *grammar;        /* what a broken row breaks */
    size_t width;               /* fields of the header */
    size_t place[COLUMN_COUNT]; /* field of the column, ROW_FIELDS_MAX: not there */
    struct seen seen;
};

/* ---- the header ----------------------------------------------------------------------------- */

static size_t column_named(struct bytes name)
{
    size_t i = 0;
    while (i < COLUMN_COUNT &&
           !bytes_equal(name, bytes_of(column_names[i], strlen(column_names[i]))))
        i++;
    return i;
}

static enum result place_column(struct import *import, size_t field, struct bytes name,
                                struct err *err)
{
    size_t column = column_named(name);
    if (column == COLUMN_COUNT)
        return err_set(err, E_SYNTAX,
                       "header: unknown column \"%s\", wanted product, serial, key, csr, "
                       "certificate, spki, owner, batch, hold, replaces",
                       err_value(name).text);
    if (import->place[column] != ROW_FIELDS_MAX)
        return err_set(err, E_SYNTAX, "header: column \"%s\" stands twice", column_names[column]);
    import->place[column] = field;
    return OK;
}

static enum result read_header(struct import *import, const struct row *row, struct err *err)
{
    if (row->broken != NULL || row->has_too_many || row->is_too_long)
        return err_set(err, E_SYNTAX, "header: seen %s, wanted the names of columns",
                       row->broken != NULL ? row->broken : "more than there are columns");
    for (size_t i = 0; i < row->n; i++)
        TRY(place_column(import, i, row->fields[i], err));
    for (size_t column = COLUMN_PRODUCT; column <= COLUMN_SERIAL; column++)
        if (import->place[column] == ROW_FIELDS_MAX)
            return err_set(err, E_SYNTAX, "header: no column \"%s\"", column_names[column]);
    import->width = row->n;
    import->has_header = true;
    return OK;
}

/* ---- one line ------------------------------------------------------------------------------- */

static struct bytes field_of(const struct import *import, const struct row *row, enum column column)
{
    size_t place = import->place[column];
    return place < row->n ? row->fields[place] : bytes_of(NULL, 0);
}

static enum result read_names(const struct import *import, const struct row *row,
                              struct import_line *line, struct err *err)
{
    line->product = field_of(import, row, COLUMN_PRODUCT);
    line->serial_number = field_of(import, row, COLUMN_SERIAL);
    line->owner = field_of(import, row, COLUMN_OWNER);
    line->batch = field_of(import, row, COLUMN_BATCH);
    line->replaces = field_of(import, row, COLUMN_REPLACES);
    TRY(field_check_text(column_names[COLUMN_PRODUCT], line->product, 1, LIMIT_NAME, err));
    TRY(field_check_text(column_names[COLUMN_SERIAL], line->serial_number, 1, LIMIT_SERIAL_NUMBER,
                         err));
    TRY(field_check_text(column_names[COLUMN_OWNER], line->owner, 0, LIMIT_NAME, err));
    TRY(field_check_text(column_names[COLUMN_BATCH], line->batch, 0, LIMIT_NAME, err));
    TRY(field_check_text(column_names[COLUMN_REPLACES], line->replaces, 0, LIMIT_SERIAL_NUMBER,
                         err));
    if (line->replaces.n > 0)
        TRY(field_check_serial_number(column_names[COLUMN_REPLACES], line->replaces, err));
    return field_check_serial_number("serial", line->serial_number, err);
}

static enum result read_hold(struct bytes field, bool *ret, struct err *err)
{
    bool yes = bytes_equal(field, bytes_text("yes"));
    if (!yes && field.n > 0 && !bytes_equal(field, bytes_text("no")))
        return err_set(err, E_SYNTAX, "hold: seen \"%s\", wanted yes, no or nothing",
                       err_value(field).text);
    *ret = yes;
    return OK;
}

static enum result read_spki(struct bytes field, struct import_line *line, struct err *err)
{
    struct buf hash = buf_over(line->spki, sizeof line->spki);
    if (!hex_decode(&hash, field) || hash.n != sizeof line->spki)
        return err_set(err, E_SYNTAX, "spki: seen \"%s\", wanted 64 hexadecimal digits",
                       err_value(field).text);
    line->has_spki = true;
    return OK;
}

/* The one column among those that name a key which is filled; COLUMN_COUNT: none. */
static enum result find_proof(const struct import *import, const struct row *row, enum column *ret,
                              struct err *err)
{
    enum column found = COLUMN_COUNT;
    for (enum column column = COLUMN_KEY; column <= COLUMN_SPKI; column++) {
        if (field_of(import, row, column).n == 0)
            continue;
        if (found != COLUMN_COUNT)
            return err_set(err, E_SYNTAX,
                           "seen %s and %s, wanted one of key, csr, certificate, spki",
                           column_names[found], column_names[column]);
        found = column;
    }
    *ret = found;
    return OK;
}

static enum result read_proof(const struct import *import, const struct row *row,
                              struct import_line *line, struct err *err)
{
    enum column column = COLUMN_COUNT;
    TRY(find_proof(import, row, &column, err));
    if (column == COLUMN_COUNT)
        return OK;
    struct bytes field = field_of(import, row, column);
    if (column == COLUMN_SPKI)
        return read_spki(field, line, err);
    enum import_proof kind = IMPORT_KEY + (column - COLUMN_KEY);
    enum result result = import->sink->proof(import->sink->context, kind, field, line, err);
    if (result != OK)
        err_prefix(err, "%s", column_names[column]);
    return result;
}

static enum result check_row(const struct import *import, const struct row *row, struct err *err)
{
    if (row->broken != NULL)
        return err_set(err, E_SYNTAX, "not %s: %s", import->grammar, row->broken);
    if (row->is_too_long)
        return err_set(err, E_TOO_LARGE, "longer than %d octets", LIMIT_IMPORT_LINE);
    if (row->has_too_many || row->n > import->width)
        return err_set(err, E_SYNTAX, "more fields than the header's %zu", import->width);
    return OK;
}

static enum result read_line(struct import *import, const struct row *row, struct import_line *ret,
                             struct err *err)
{
    TRY(check_row(import, row, err));
    TRY(read_names(import, row, ret, err));
    TRY(read_hold(field_of(import, row, COLUMN_HOLD), &ret->hold, err));
    TRY(read_proof(import, row, ret, err));
    return seen_add(&import->seen, ret->product, ret->serial_number, ret->line, err);
}

static enum result take_row(void *context, const struct row *row, struct err *err)
{
    struct import *import = context;
    if (!import->has_header)
        return read_header(import, row, err);
    if (++import->counts.rows > LIMIT_IMPORT_ROWS)
        return err_set(err, E_TOO_LARGE, "more than %d lines", LIMIT_IMPORT_ROWS);

    struct import_line line = {.line = row->line};
    struct err why = {0};
    if (read_line(import, row, &line, &why) == OK)
        return import->sink->take(import->sink->context, &line, err);
    import->counts.faults++;
    return import->sink->fault(import->sink->context, row->line, &why, err);
}

static void import_free(struct import *import)
{
    seen_free(&import->seen);
}

static enum result read_table(struct import *import, struct bytes csv, struct err *err)
{
    import->grammar = "CSV (RFC 4180)";
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        import->place[i] = ROW_FIELDS_MAX;
    TRY(lines_read(csv, take_row, import, err));
    if (!import->has_header)
        return err_set(err, E_SYNTAX, "empty, wanted a header that names the columns");
    return OK;
}

/* Every object names its own columns. */
static enum result read_objects(struct import *import, struct bytes text, struct err *err)
{
    const struct names names = {column_names, COLUMN_COUNT};
    import->grammar = "a JSON object (RFC 8259) on one line";
    import->has_header = true;
    import->width = COLUMN_COUNT;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        import->place[i] = i;
    return objects_read(text, &names, take_row, import, err);
}

/* No header begins so. An array is none, but its fault is to say so. */
static bool is_objects(struct bytes text)
{
    size_t i = 0;
    while (i < text.n && memchr(" \t\r\n", text.p[i], 4) != NULL)
        i++;
    return i < text.n && (text.p[i] == '{' || text.p[i] == '[');
}

enum result import_read(struct bytes text, const struct import_sink *sink,
                        struct import_counts *ret, struct err *err)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* U+FEFF, which spreadsheets put first */
    if (text.n >= sizeof mark && memcmp(text.p, mark, sizeof mark) == 0)
        text = bytes_slice(text, sizeof mark, text.n);

    CLEANUP(import_free) struct import import = {.sink = sink};
    TRY(is_objects(text) ? read_objects(&import, text, err) : read_table(&import, text, err));
    *ret = import.counts;
    return OK;
}
