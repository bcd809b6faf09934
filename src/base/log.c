#include <base/clock.h>
#include <base/log.h>
#include <base/text.h>
#include <wire/buf.h>

#include "log_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    char priority; /* of syslog(3), which the journal has */
} levels[] = {
    [LEVEL_DEBUG] = {"debug", '7'},
    [LEVEL_INFO] = {"info", '6'},
    [LEVEL_WARNING] = {"warning", '4'},
    [LEVEL_ERROR] = {"error", '3'},
};

#define FIELDS_MAX 12 /* of one event, beside the request */

static const char *process_name = "troth";
static int log_fd = STDERR_FILENO, journal_fd = -1;
static enum log_level least_level = LEVEL_INFO;
static enum log_format log_format = LOG_LOGFMT;
static char request_now[LIMIT_REQUEST_ID + 1];

void log_open(const char *process, int fd)
{
    process_name = process;
    log_fd = fd;
}

void log_style_set(enum log_format format, enum log_level least)
{
    log_format = format;
    least_level = least;
}

void log_request_set(struct bytes id)
{
    if (!text_copy(id, request_now, sizeof request_now))
        request_now[0] = '\0';
}

/* ---- one line -------------------------------------------------------------------------------- */

static void add_time(struct log_line *line)
{
    char text[48];
    int64_t now_us = clock_now_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%06dZ", (int)(now_us % 1000000));
    log_line_add(line, "time", text);
}

static void add_fields(struct log_line *line, const struct log_field *fields)
{
    for (const struct log_field *field = fields; field != NULL && field->key != NULL; field++)
        if (field->value != NULL)
            log_line_add(line, field->key, field->value);
}

/* A log that cannot be written has nowhere to say so. */
static void write_line(enum log_level level, const char *event, const struct log_field *fields)
{
    struct log_line line = {.format = log_format};
    add_time(&line);
    log_line_add(&line, "level", levels[level].name);
    log_line_add(&line, "process", process_name);
    log_line_add(&line, "event", event);
    add_fields(&line, fields);
    log_line_end(&line);
    (void)!write(log_fd, line.text, line.n);
}

/* ---- one datagram of the journal's native protocol ------------------------------------------- */

/* "NAME=value" and a line feed. Values are what a line has: none holds a line feed of its own. */
static void put_field(struct buf *to, const char *name, const char *value)
{
    buf_put_bytes(to, text_bytes(name));
    buf_put_u8(to, '=');
    buf_put_bytes(to, text_bytes(value));
    buf_put_u8(to, '\n');
}

/* A pair by its own name, such as TROTH_REQUEST, so that `journalctl TROTH_REQUEST=...` finds it.
 * One that does not fit is left out; the line has it. */
static void put_pair(struct buf *to, const char *key, const char *value)
{
    char name[64];
    struct log_line line = {.format = LOG_LOGFMT};
    int n = snprintf(name, sizeof name, "TROTH_%s", key);
    for (int i = 0; i < n && i < (int)sizeof name; i++)
        name[i] = (char)toupper((unsigned char)name[i]);
    log_line_add(&line, "", value);
    line.text[line.n] = '\0';
    struct buf tried = *to;
    put_field(&tried, name, line.text + 1); /* behind the '=' */
    if (line.n > 0 && buf_ok(&tried))
        *to = tried;
}

static bool write_journal(enum log_level level, const char *event, const struct log_field *fields)
{
    uint8_t space[3 * LOG_LINE_MAX];
    const char priority[] = {levels[level].priority, '\0'};
    struct buf out = buf_over(space, sizeof space);
    struct log_line line = {.format = log_format};
    log_line_add(&line, "event", event);
    add_fields(&line, fields);
    log_line_end(&line);
    line.text[line.n - 1] = '\0';
    put_field(&out, "MESSAGE", line.text);
    put_field(&out, "PRIORITY", priority);
    put_field(&out, "SYSLOG_IDENTIFIER", "trothd");
    put_pair(&out, "process", process_name);
    put_pair(&out, "event", event);
    for (const struct log_field *field = fields; field != NULL && field->key != NULL; field++)
        if (field->value != NULL)
            put_pair(&out, field->key, field->value);
    return write(journal_fd, out.p, out.n) == (ssize_t)out.n;
}

enum result log_open_journal(const char *path, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int n = snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || (size_t)n >= sizeof to.sun_path ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int failure = errno;
        if (fd >= 0)
            close(fd);
        return err_set(err, E_IO, "the journal at %s: %s", path, strerror(failure));
    }
    journal_fd = fd;
    return OK;
}

int log_journal_fd(void)
{
    return journal_fd;
}

static bool has_request(const struct log_field *fields)
{
    for (; fields != NULL && fields->key != NULL; fields++)
        if (fields->value != NULL && strcmp(fields->key, "request") == 0)
            return true;
    return false;
}

/* With the request that everything is about, first. */
static void write_with_request(enum log_level level, const char *event,
                               const struct log_field *fields)
{
    struct log_field all[FIELDS_MAX + 2] = {{"request", request_now}};
    for (size_t n = 0; n < FIELDS_MAX && fields != NULL && fields[n].key != NULL; n++)
        all[n + 1] = fields[n];
    if (journal_fd < 0 || !write_journal(level, event, all))
        write_line(level, event, all);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < least_level)
        return;
    if (request_now[0] != '\0' && !has_request(fields)) {
        write_with_request(level, event, fields);
        return;
    }
    if (journal_fd < 0 || !write_journal(level, event, fields))
        write_line(level, event, fields);
}

/* ---- failures -------------------------------------------------------------------------------- */

void log_refusal(const char *event, const struct err *err, const char *request_id, const char *peer)
{
    const struct error_info *info = error_find(err->code);
    char code[16];
    snprintf(code, sizeof code, "E%04d", (int)info->code);
    log_event(info->kind == R_BUG ? LEVEL_ERROR : LEVEL_INFO, event, {"request", request_id},
              {"peer", peer}, {"code", code}, {"error", info->name}, {"text", err->text});
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
