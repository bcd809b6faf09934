#include <base/file.h>
#include <cli/print.h>
#include <wire/utf8.h>

#include <string.h>

#define COLUMNS_MAX 16
#define INDENT 2

static size_t character_octets(const char *at)
{
    unsigned char c = (unsigned char)*at;
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    return strnlen(at, n) == n && utf8_is_valid(bytes_of(at, n)) ? n : 0;
}

/* C1 controls are valid UTF-8 and still move the cursor on some terminals. */
static bool is_control(const char *at, size_t n)
{
    unsigned char c = (unsigned char)at[0];
    return c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)at[1] < 0xa0);
}

void print_clean(const char *text, FILE *to)
{
    while (*text != '\0') {
        size_t n = character_octets(text);
        if (n == 0 || is_control(text, n))
            fputc('?', to);
        else
            fwrite(text, 1, n, to);
        text += n > 0 ? n : 1;
    }
}

static void join_words(const json_t *array, char to[PRINT_CELL_MAX])
{
    size_t at = 0, index = 0;
    const json_t *item = NULL;
    to[0] = '\0';
    json_array_foreach(array, index, item)
    {
        const char *word = json_string_value(item);
        int n = snprintf(to + at, PRINT_CELL_MAX - at, "%s%s", at > 0 ? "," : "",
                         word != NULL ? word : "?");
        at = n > 0 && at + (size_t)n < PRINT_CELL_MAX ? at + (size_t)n : PRINT_CELL_MAX - 1;
    }
}

void print_cell(const json_t *object, const char *member, char to[PRINT_CELL_MAX])
{
    const json_t *value = json_object_get(object, member);
    if (json_is_string(value) && json_string_length(value) > 0)
        snprintf(to, PRINT_CELL_MAX, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(to, PRINT_CELL_MAX, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(to, PRINT_CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
    else if (json_array_size(value) > 0)
        join_words(value, to);
    else
        snprintf(to, PRINT_CELL_MAX, "-");
}

static void measure(struct print_table *table, const json_t *rows)
{
    for (size_t c = 0; c < COLUMNS_MAX && table->columns[c].title != NULL; c++) {
        size_t index = 0, widest = strlen(table->columns[c].title);
        const json_t *row = NULL;
        json_array_foreach(rows, index, row)
        {
            char cell[PRINT_CELL_MAX];
            print_cell(row, table->columns[c].member, cell);
            widest = strlen(cell) > widest ? strlen(cell) : widest;
        }
        table->width[c] = (int)widest;
    }
}

static void print_padded(const char *text, int width, bool is_last, FILE *to)
{
    print_clean(text, to);
    if (is_last)
        return;
    int pad = width - (int)strlen(text);
    fprintf(to, "%*s", (pad > 0 ? pad : 0) + INDENT, "");
}

static void print_titles(struct session *session, const struct print_table *table)
{
    fputs(session->is_coloured ? "\033[1m" : "", session->out);
    for (const struct column *c = table->columns; c->title != NULL; c++)
        print_padded(c->title, table->width[c - table->columns], c[1].title == NULL, session->out);
    fputs(session->is_coloured ? "\033[0m\n" : "\n", session->out);
}

void print_rows(struct session *session, struct print_table *table, const json_t *rows)
{
    if (!table->is_begun) {
        measure(table, rows);
        print_titles(session, table);
        table->is_begun = true;
    }
    size_t index = 0;
    const json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        for (const struct column *c = table->columns; c->title != NULL; c++) {
            char cell[PRINT_CELL_MAX];
            print_cell(row, c->member, cell);
            print_padded(cell, table->width[c - table->columns], c[1].title == NULL, session->out);
        }
        fputc('\n', session->out);
    }
}

void print_part(struct session *session, const char *title, const struct column *columns,
                const json_t *rows)
{
    if (json_array_size(rows) == 0)
        return;
    fprintf(session->out, "\n%s\n", title);
    struct print_table table = {.columns = columns};
    print_rows(session, &table, rows);
}

void print_details(struct session *session, const struct column *columns, const json_t *object)
{
    for (const struct column *c = columns; c->title != NULL; c++) {
        char cell[PRINT_CELL_MAX];
        const char *text = json_string_value(json_object_get(object, c->member));
        print_cell(object, c->member, cell);
        fprintf(session->out, "%-16s", c->title);
        print_clean(text != NULL && *text != '\0' ? text : cell, session->out);
        fputc('\n', session->out);
    }
}

void print_selection(struct session *session, const json_t *answer)
{
    static const char *const by[] = {"product", "owner"};
    for (size_t i = 0; i < LENGTH_OF(by); i++) {
        const char *name = json_string_value(json_object_get(answer, by[i]));
        if (name == NULL || *name == '\0')
            continue;
        fprintf(session->out, ", of %s ", by[i]);
        print_clean(name, session->out);
    }
}

void print_json(struct session *session, const json_t *value)
{
    json_dumpf(value, session->out, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fputc('\n', session->out);
}

void print_lines(struct session *session, const char *text)
{
    while (*text != '\0') {
        char line[256];
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
        print_clean(line, session->out);
        fputc('\n', session->out);
        text += n + (text[n] == '\n');
    }
}

enum result print_certificate(struct session *session, const json_t *answer, const char *would,
                              const char *did, struct err *err)
{
    const char *pem = json_string_value(json_object_get(answer, "certificate"));
    const char *out = session_text(session, "--out");
    if (pem != NULL && out != NULL)
        TRY(file_write(out, 0644, bytes_of(pem, strlen(pem)), err));
    if (session->is_json)
        print_json(session, answer);
    else if (pem == NULL)
        fprintf(session->out, "%s\n", would);
    else if (out == NULL)
        fputs(pem, session->out);
    else
        fprintf(session->out, "%s, certificate in %s\n", did, out);
    return OK;
}
