// Whatever the file: every row is taken once or a fault once, in the file's order, and what is
// taken keeps the limits that core relies on.
#include "fuzz.h"

#include <base/limits.h>
#include <proto/import.h>
#include <wire/utf8.h>

struct seen {
    uint32_t rows, faults, last_line;
};

static enum result proof(void *context, enum import_proof kind, struct bytes field,
                         struct import_line *line, struct err *err)
{
    (void)context;
    must(kind >= IMPORT_KEY && kind <= IMPORT_CERTIFICATE);
    must(field.n > 0 && field.n <= LIMIT_IMPORT_LINE);
    if (field.p[0] == 'x')
        return err_set(err, E_SYNTAX, "no key");
    line->has_spki = true;
    return OK;
}

static bool is_fit(struct bytes text, size_t min, size_t max)
{
    return text.n >= min && text.n <= max && utf8_is_valid(text) &&
           memchr(text.p, '\n', text.n) == NULL && memchr(text.p, '\0', text.n) == NULL;
}

static enum result take(void *context, const struct import_line *line, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line->line >= seen->last_line && line->line > 0);
    must(is_fit(line->product, 1, LIMIT_NAME));
    must(is_fit(line->serial_number, 1, LIMIT_SERIAL_NUMBER));
    must(memchr(line->serial_number.p, '/', line->serial_number.n) == NULL);
    must(line->owner.n == 0 || is_fit(line->owner, 1, LIMIT_NAME));
    must(line->batch.n == 0 || is_fit(line->batch, 1, LIMIT_NAME));
    must(line->certificate.n == 0);
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
    struct seen seen = {0};
    const struct import_sink sink = {&seen, proof, take, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    if (import_read(bytes_of(data, size), &sink, &counts, &err) != OK) {
        must(err.code == E_SYNTAX && seen.rows == 0);
        return 0;
    }
    must(counts.rows == seen.rows && counts.faults == seen.faults);
    return 0;
}
