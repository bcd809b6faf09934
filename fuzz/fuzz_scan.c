// Whatever comes up as a scan: every line is taken once or a fault once, in order, and what is
// taken keeps the limits that the desk and core rely on.
#include "fuzz.h"

#include <base/limits.h>
#include <proto/scan.h>

struct seen {
    uint32_t rows, faults, last_line;
};

static bool is_word(struct bytes text, size_t max)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    return text.n <= max;
}

static enum result take(void *context, const struct scan_read *line, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line->line > seen->last_line);
    must(line->outcome > LOOK_NOTHING && line->outcome < LOOK_OUTCOME_COUNT);
    must(is_word(line->target, LIMIT_PLACE) && line->target.n > line->host.n + 1);
    must(line->host.n > 0 && line->host.p == line->target.p && line->host.p[line->host.n] == ':');
    must(is_word(line->protocol, 16) && is_word(line->cipher, 64));
    must(line->outcome == LOOK_SEEN ? line->chain_n > 0 : line->chain_n == 0);
    must(line->chain_n <= LIMIT_CHAIN_CERTIFICATES);
    for (size_t i = 0; i < line->chain_n; i++)
        must(line->chain[i].n <= LIMIT_SCAN_LINE);
    seen->last_line = line->line;
    seen->rows++;
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line > seen->last_line && why->code != E_NONE && why->text[0] != '\0');
    seen->last_line = line;
    seen->rows++;
    seen->faults++;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    const struct scan_sink sink = {&seen, take, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    if (scan_read(bytes_of(data, size), &sink, &counts, &err) == OK)
        must(counts.rows == seen.rows && counts.faults == seen.faults);
    return 0;
}
