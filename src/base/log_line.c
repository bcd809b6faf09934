#include "log_line.h"

#include <base/text.h>
#include <wire/buf.h>

#include <stdio.h>
#include <string.h>

/* What ends a line, whole or cut; room for the longer one is always kept. */
static const char *const ends[2][2] = {
    [LOG_LOGFMT] = {"\n", " cut=yes\n"},
    [LOG_JSON] = {"}\n", ",\"cut\":\"yes\"}\n"},
};
#define END_MAX sizeof ",\"cut\":\"yes\"}\n"

static bool is_plain(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

static bool needs_quotes(const char *value)
{
    const unsigned char *at = (const unsigned char *)value;
    while (is_plain(*at))
        at++;
    return *at != '\0' || at == (const unsigned char *)value;
}

static size_t escape(enum log_format format, unsigned char c, char out[8])
{
    bool as_it_is = is_plain(c) || c == ' ' || c == '=';
    if (as_it_is)
        return (size_t)snprintf(out, 8, "%c", c);
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 8, "\\%c", c);
    return (size_t)snprintf(out, 8, format == LOG_JSON ? "\\u00%02x" : "\\x%02x", c);
}

/* The value as it stands in the line, or false when it is longer than `room`. */
static bool put_value(enum log_format format, const char *value, struct buf *to)
{
    bool is_quoted = format == LOG_JSON || needs_quotes(value);
    if (is_quoted)
        buf_put_u8(to, '"');
    for (; *value != '\0' && buf_ok(to); value++) {
        char out[8];
        size_t n = escape(format, (unsigned char)*value, out);
        buf_put_bytes(to, bytes_of(out, n));
    }
    if (is_quoted)
        buf_put_u8(to, '"');
    return buf_ok(to);
}

void log_line_add(struct log_line *line, const char *key, const char *value)
{
    bool is_first = line->n == 0, is_json = line->format == LOG_JSON;
    struct buf to = buf_over(line->text + line->n, sizeof line->text - END_MAX - line->n);
    buf_put_bytes(&to, text_bytes(is_json ? (is_first ? "{\"" : ",\"") : (is_first ? "" : " ")));
    buf_put_bytes(&to, text_bytes(key));
    buf_put_bytes(&to, text_bytes(is_json ? "\":" : "="));
    if (put_value(line->format, value, &to))
        line->n += to.n;
    else
        line->is_cut = true;
}

void log_line_end(struct log_line *line)
{
    const char *end = ends[line->format][line->is_cut];
    memcpy(line->text + line->n, end, strlen(end));
    line->n += strlen(end);
}
