// Whatever the file, as each format: every line is taken once or a fault once, in the file's order,
// and what is taken keeps the limits that core relies on.
#include "fuzz.h"

#include <base/limits.h>
#include <proto/foreign.h>
#include <wire/utf8.h>

struct seen {
    uint32_t rows, faults, last_line;
};

static enum result certificate(void *context, struct bytes field, struct foreign_read *line,
                               struct err *err)
{
    (void)context;
    must(field.n <= LIMIT_IMPORT_LINE);
    if (field.n == 0 || field.p[0] == 'x')
        return err_set(err, E_FOREIGN, "no certificate");
    line->octets[0] = 1;
    line->serial = bytes_of(line->octets, 1);
    return OK;
}

static bool is_fit(struct bytes text, size_t max)
{
    return text.n <= max &&
           (text.n == 0 || (utf8_is_valid(text) && memchr(text.p, '\n', text.n) == NULL &&
                            memchr(text.p, '\0', text.n) == NULL));
}

static enum result take(void *context, const struct foreign_read *line, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line->line > seen->last_line);
    must(line->serial.n >= 1 && line->serial.n <= 20 && line->serial.p[0] != 0);
    must(is_fit(line->subject, LIMIT_SUBJECT));
    must(is_fit(line->serial_number, LIMIT_SERIAL_NUMBER));
    must(line->serial_number.n == 0 ||
         memchr(line->serial_number.p, '/', line->serial_number.n) == NULL);
    must(line->is_revoked || (line->reason == 0 && line->revoked_s == 0));
    must(line->reason <= 10 && line->reason != 7);
    seen->last_line = line->line;
    seen->rows++;
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line >= seen->last_line && line > 0);
    must(why->code != E_NONE && why->text[0] != '\0');
    seen->last_line = line;
    seen->rows++;
    seen->faults++;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum foreign_format format = FOREIGN_OPENSSL; format < FOREIGN_FORMAT_COUNT; format++) {
        struct seen seen = {0};
        const struct foreign_sink sink = {&seen, certificate, take, fault};
        struct import_counts counts = {0};
        struct err err = {0};
        if (foreign_read(bytes_of(data, size), format, &sink, &counts, &err) != OK) {
            must(err.code == E_SYNTAX && seen.rows == 0);
            continue;
        }
        must(counts.rows == seen.rows && counts.faults == seen.faults);
    }
    return 0;
}
