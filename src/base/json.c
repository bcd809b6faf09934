#include <base/json.h>

#include <base/text.h>
#include <wire/utf8.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void put_escaped(struct buf *to, uint8_t c, bool is_utf8)
{
    char out[8];
    if (c == '"' || c == '\\')
        snprintf(out, sizeof out, "\\%c", c);
    else if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_utf8))
        snprintf(out, sizeof out, "\\u%04x", c);
    else
        snprintf(out, sizeof out, "%c", c);
    buf_put_bytes(to, text_bytes(out));
}

void json_put_text(struct buf *to, struct bytes text)
{
    bool is_utf8 = utf8_is_valid(text);
    buf_put_u8(to, '"');
    for (size_t i = 0; i < text.n; i++)
        put_escaped(to, text.p[i], is_utf8);
    buf_put_u8(to, '"');
}

static void put_name(struct buf *to, const char *name)
{
    bool is_first = to->n > 0 && buf_bytes(to).p[to->n - 1] == '{';
    if (!is_first)
        buf_put_u8(to, ',');
    json_put_text(to, text_bytes(name));
    buf_put_u8(to, ':');
}

void json_member_text(struct buf *to, const char *name, struct bytes text)
{
    put_name(to, name);
    json_put_text(to, text);
}

void json_member_number(struct buf *to, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    put_name(to, name);
    buf_put_bytes(to, text_bytes(text));
}

void json_member_instant(struct buf *to, const char *name, int64_t at_s)
{
    char text[48] = "";
    struct tm tm;
    time_t at = (time_t)at_s;
    put_name(to, name);
    if (at_s != 0 && gmtime_r(&at, &tm) != NULL)
        (void)strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
    buf_put_bytes(to, text_bytes(text[0] != '\0' ? text : "null"));
}

void json_member_object(struct buf *to, const char *name)
{
    put_name(to, name);
    buf_put_u8(to, '{');
}
