/* EJBCA: rows of its table CertificateData, columns by name. */
#include "foreign.h"
#include "lines.h"

#include <string.h>
#include <strings.h>

#define STATUS_REVOKED 40
#define STATUS_MAX 60   /* archived: expired; whether it had been revoked, its reason says */
#define REASON_MIN (-1) /* not revoked */
#define REASON_MAX 10
#define MS 1000
#define MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */

enum column {
    COLUMN_SERIAL,
    COLUMN_SUBJECT,
    COLUMN_END,
    COLUMN_STATUS,
    COLUMN_REVOKED,
    COLUMN_REASON,
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
    "serialNumber", "subjectDN", "expireDate", "status", "revocationDate", "revocationReason",
};

struct table {
    struct foreign_file *file;
    bool has_header;
    size_t place[COLUMN_COUNT]; /* field of the column */
};

/* ---- the header -------------------------------------------------------------------------------
 */

/* Databases fold the case of names, so it does not count. */
static bool is_column(struct bytes field, const char *name)
{
    return field.n == strlen(name) && strncasecmp((const char *)field.p, name, field.n) == 0;
}

static enum result place_column(struct table *table, const struct row *row, enum column column,
                                struct err *err)
{
    size_t i = 0;
    while (i < row->n && !is_column(row->fields[i], names[column]))
        i++;
    if (i == row->n)
        return err_set(err, E_SYNTAX, "header: no column \"%s\"", names[column]);
    table->place[column] = i;
    return OK;
}

static enum result read_header(struct table *table, const struct row *row, struct err *err)
{
    if (row->broken != NULL || row->has_too_many || row->is_too_long)
        return err_set(err, E_SYNTAX, "header: seen %s, wanted the names of at most %d columns",
                       row->broken != NULL ? row->broken : "more", ROW_FIELDS_MAX);
    for (enum column column = 0; column < COLUMN_COUNT; column++)
        TRY(place_column(table, row, column, err));
    table->has_header = true;
    return OK;
}

/* ---- one line ---------------------------------------------------------------------------------
 */

/* A row's numbers. */
struct numbers {
    int64_t end_ms, status, revoked_ms, reason;
};

static enum result read_numbers(const struct bytes *fields, struct numbers *ret, struct err *err)
{
    TRY(foreign_read_number(names[COLUMN_END], fields[COLUMN_END], 0, MS_MAX, &ret->end_ms, err));
    TRY(foreign_read_number(names[COLUMN_STATUS], fields[COLUMN_STATUS], 0, STATUS_MAX,
                            &ret->status, err));
    TRY(foreign_read_number(names[COLUMN_REVOKED], fields[COLUMN_REVOKED], -1, MS_MAX,
                            &ret->revoked_ms, err));
    return foreign_read_number(names[COLUMN_REASON], fields[COLUMN_REASON], REASON_MIN, REASON_MAX,
                               &ret->reason, err);
}

static enum result read_state(const struct bytes *fields, struct foreign_read *line,
                              struct err *err)
{
    struct numbers numbers = {0};
    TRY(read_numbers(fields, &numbers, err));
    line->not_after_s = numbers.end_ms / MS;
    line->is_revoked = numbers.status == STATUS_REVOKED ||
                       (numbers.status == STATUS_MAX && numbers.reason != REASON_MIN);
    if (!line->is_revoked)
        return OK;
    if (!foreign_is_reason(numbers.reason))
        return err_set(err, E_FOREIGN, "%s: seen %lld of a revoked one (RFC 5280 5.3.1)",
                       names[COLUMN_REASON], (long long)numbers.reason);
    line->reason = (uint8_t)numbers.reason;
    line->revoked_s = numbers.revoked_ms > 0 ? numbers.revoked_ms / MS : 0;
    return OK;
}

static enum result check_row(const struct row *row, struct err *err)
{
    if (row->broken != NULL)
        return err_set(err, E_FOREIGN, "not CSV (RFC 4180): %s", row->broken);
    if (row->is_too_long || row->has_too_many)
        return err_set(err, E_FOREIGN, "longer than %d octets, or more than %d fields",
                       LIMIT_IMPORT_LINE, ROW_FIELDS_MAX);
    return OK;
}

/* EJBCA writes SN for serialNumber. */
static enum result read_line(const struct table *table, const struct row *row,
                             struct foreign_read *line, struct err *err)
{
    static const char *const serial_number[] = {"SN", "serialNumber", NULL};
    static const struct subject_style commas = {',', serial_number};
    struct bytes fields[COLUMN_COUNT] = {{0}};
    TRY(check_row(row, err));
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (table->place[i] < row->n)
            fields[i] = row->fields[table->place[i]];
    TRY(read_state(fields, line, err));
    TRY(foreign_read_decimal(names[COLUMN_SERIAL], fields[COLUMN_SERIAL], line, err));
    return foreign_read_subject(names[COLUMN_SUBJECT], fields[COLUMN_SUBJECT], &commas, line, err);
}

static enum result take_row(void *context, const struct row *row, struct err *err)
{
    struct table *table = context;
    if (!table->has_header)
        return read_header(table, row, err);
    struct foreign_read line = {.line = row->line};
    struct err why = {0};
    enum result result = read_line(table, row, &line, &why);
    return foreign_give(table->file, &line, result, &why, err);
}

enum result foreign_read_csv(struct foreign_file *file, struct bytes text, struct err *err)
{
    struct table table = {.file = file};
    TRY(lines_read(text, take_row, &table, err));
    if (!table.has_header)
        return err_set(err, E_SYNTAX, "empty, wanted a header that names the columns");
    return OK;
}
