/* The file as rows of fields: libcsv, fed line by line so that every fault has its line number. */
#include "lines.h"

#include <base/limits.h>

#include <csv.h>
#include <string.h>

#define PARSER_BLOCK 4096 /* bytes by which libcsv's buffer grows: a PEM certificate is 1-3 KB */

struct lines {
    struct csv_parser parser;
    row_taker take;
    void *context;
    struct row row;
    struct buf text; /* the fields of the row */
    bool row_done;
    enum result result; /* of `take` */
    struct err *err;
    uint8_t memory[LIMIT_IMPORT_LINE];
};

static void row_reset(struct lines *lines)
{
    lines->row = (struct row){.line = lines->row.line};
    lines->text = buf_over(lines->memory, sizeof lines->memory);
}

static void on_field(void *field, size_t n, void *context)
{
    struct lines *lines = context;
    struct row *row = &lines->row;
    if (row->n == ROW_FIELDS_MAX) {
        row->has_too_many = true;
        return;
    }
    const uint8_t *start = lines->memory + lines->text.n;
    buf_put_bytes(&lines->text, bytes_of(field, n));
    row->fields[row->n++] = bytes_of(start, n);
    row->is_too_long = !buf_ok(&lines->text);
}

static void on_row(int last, void *context)
{
    (void)last;
    struct lines *lines = context;
    lines->row_done = true;
    if (lines->result == OK)
        lines->result = lines->take(lines->context, &lines->row, lines->err);
    row_reset(lines);
}

/* The parser forgets what it had of a row; the next byte begins a new one. */
static void parser_restart(struct lines *lines)
{
    csv_free(&lines->parser);
    (void)csv_init(&lines->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_blk_size(&lines->parser, PARSER_BLOCK);
    row_reset(lines);
    lines->row_done = true;
}

static void give_broken(struct lines *lines, const char *why)
{
    row_reset(lines);
    lines->row.broken = why;
    on_row(0, lines);
    parser_restart(lines);
}

bool line_is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.n; i++)
        if (strchr(" \t\r\n", line.p[i]) == NULL || line.p[i] == '\0')
            return false;
    return true;
}

struct bytes line_first(struct bytes rest)
{
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '\n' && rest.p[n] != '\r')
        n++;
    if (n + 1 < rest.n && rest.p[n] == '\r' && rest.p[n + 1] == '\n')
        n++;
    return bytes_slice(rest, 0, n + 1);
}

static void feed(struct lines *lines, struct bytes line)
{
    lines->row_done = false;
    if (csv_parse(&lines->parser, line.p, line.n, on_field, on_row, lines) != line.n)
        give_broken(lines, csv_strerror(csv_error(&lines->parser)));
}

static void finish(struct lines *lines)
{
    if (csv_fini(&lines->parser, on_field, on_row, lines) != 0)
        give_broken(lines, "a quote that is never closed");
}

static void feed_all(struct lines *lines, struct bytes csv)
{
    size_t row_bytes = 0;
    lines->row_done = true;
    for (uint32_t number = 1; csv.n > 0 && lines->result == OK; number++) {
        struct bytes line = line_first(csv);
        csv = bytes_slice(csv, line.n, csv.n);
        if (lines->row_done && line_is_blank(line))
            continue;
        if (lines->row_done) {
            row_bytes = 0;
            lines->row.line = number;
        }
        row_bytes += line.n;
        if (row_bytes > LIMIT_IMPORT_LINE)
            give_broken(lines, "too long, or a quote that is never closed");
        else
            feed(lines, line);
    }
    if (lines->result == OK && !lines->row_done)
        finish(lines);
}

enum result lines_read(struct bytes csv, row_taker take, void *context, struct err *err)
{
    struct lines lines = {.take = take, .context = context, .err = err};
    if (csv_init(&lines.parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return err_set(err, E_MEMORY, "no memory for the CSV parser");
    csv_set_blk_size(&lines.parser, PARSER_BLOCK);
    row_reset(&lines);
    feed_all(&lines, csv);
    csv_free(&lines.parser);
    return lines.result;
}
