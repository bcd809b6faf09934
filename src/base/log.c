#include <base/clock.h>
#include <base/log.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LEVEL_DEBUG] = "debug",
    [LEVEL_INFO] = "info",
    [LEVEL_WARNING] = "warning",
    [LEVEL_ERROR] = "error",
};

static const char *process_name = "troth";
static int log_fd = STDERR_FILENO;
static enum log_level least_level = LEVEL_INFO;

/* A line in the making. What does not fit is left out whole, and `cut` remembers it. */
struct line {
    char text[LOG_LINE_MAX];
    size_t n;
    bool cut;
};
#define CUT_MARK " cut=yes\n"

void log_open(const char *process, int fd)
{
    process_name = process;
    log_fd = fd;
}

void log_level_set(enum log_level least)
{
    least_level = least;
}

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

static size_t escape(unsigned char c, char out[5])
{
    bool as_it_is = is_plain(c) || c == ' ' || c == '=';
    if (as_it_is)
        return (size_t)snprintf(out, 5, "%c", c);
    return (size_t)snprintf(out, 5, c == '"' || c == '\\' ? "\\%c" : "\\x%02x", c);
}

/* The value as it stands in the line, or false when it is longer than `room`. */
static bool put_value(const char *value, char *to, size_t room, size_t *ret_n)
{
    bool quoted = needs_quotes(value);
    size_t n = 0;
    if (quoted && room > 0)
        to[n++] = '"';
    for (; *value != '\0'; value++) {
        char out[5];
        size_t size = escape((unsigned char)*value, out);
        if (n + size + 1 > room)
            return false;
        memcpy(to + n, out, size);
        n += size;
    }
    if (n + 1 > room)
        return false;
    if (quoted)
        to[n++] = '"';
    *ret_n = n;
    return true;
}

static void line_add(struct line *line, const char *key, const char *value)
{
    size_t room = sizeof line->text - sizeof CUT_MARK - line->n;
    char *to = line->text + line->n;
    int head = snprintf(to, room, "%s%s=", line->n == 0 ? "" : " ", key);
    size_t n = 0;
    if (head < 0 || (size_t)head >= room || !put_value(value, to + head, room - (size_t)head, &n)) {
        line->cut = true;
        return;
    }
    line->n += (size_t)head + n;
}

static void line_add_time(struct line *line, int64_t now_us)
{
    char text[48];
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%06dZ", (int)(now_us % 1000000));
    line_add(line, "time", text);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < least_level)
        return;
    struct line line = {.n = 0};
    line_add_time(&line, clock_now_us());
    line_add(&line, "level", level_names[level]);
    line_add(&line, "process", process_name);
    line_add(&line, "event", event);
    for (const struct log_field *field = fields; field != NULL && field->key != NULL; field++)
        if (field->value != NULL)
            line_add(&line, field->key, field->value);

    const char *end = line.cut ? CUT_MARK : "\n";
    memcpy(line.text + line.n, end, strlen(end));
    /* A log that cannot be written has nowhere to say so. */
    (void)!write(log_fd, line.text, line.n + strlen(end));
}

void log_err(enum log_level level, const char *event, const struct err *err, const char *request_id)
{
    const struct error_info *info = error_find(err->code);
    char code[16];
    snprintf(code, sizeof code, "E%04d", (int)info->code);
    log_event(level, event, {"request", request_id}, {"code", code}, {"error", info->name},
              {"text", err->text});
}

struct log_number log_number(int64_t value)
{
    struct log_number number;
    snprintf(number.text, sizeof number.text, "%lld", (long long)value);
    return number;
}
