/* Which reader a file gets, and what all of them do with a line. */
#include "foreign.h"

static const char *const words[FOREIGN_FORMAT_COUNT] = {NULL, "openssl-index", "step-ca", "ejbca"};

const char *foreign_format_word(unsigned format)
{
    return format < FOREIGN_FORMAT_COUNT ? words[format] : NULL;
}

enum result foreign_give(struct foreign_file *file, const struct foreign_read *line,
                         enum result result, const struct err *why, struct err *err)
{
    if (++file->counts.rows > LIMIT_IMPORT_ROWS)
        return err_set(err, E_TOO_LARGE, "more than %d lines", LIMIT_IMPORT_ROWS);
    if (result == OK)
        return file->sink->take(file->sink->context, line, err);
    file->counts.faults++;
    return file->sink->fault(file->sink->context, line->line, why, err);
}

static bool is_pem(struct bytes text)
{
    static const char begin[] = "-----BEGIN";
    return bytes_equal(bytes_slice(text, 0, sizeof begin - 1), bytes_text("-----BEGIN"));
}

static enum result read_file(struct foreign_file *file, struct bytes text,
                             enum foreign_format format, struct err *err)
{
    if (format == FOREIGN_OPENSSL)
        return foreign_read_index(file, text, err);
    if (is_pem(text))
        return foreign_read_pem(file, text, err);
    return format == FOREIGN_STEP ? foreign_read_json(file, text, err)
                                  : foreign_read_csv(file, text, err);
}

enum result foreign_read(struct bytes text, enum foreign_format format,
                         const struct foreign_sink *sink, struct import_counts *ret,
                         struct err *err)
{
    struct foreign_file file = {.sink = sink};
    if (foreign_format_word(format) == NULL)
        return err_set(err, E_SYNTAX, "format: wanted openssl-index, step-ca or ejbca");
    TRY(read_file(&file, text, format, err));
    *ret = file.counts;
    return OK;
}
