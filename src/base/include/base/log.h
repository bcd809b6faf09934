/* The log: processes write it, once, at the edge; libraries do not (style 14).
 *
 * One event is one line on stderr in logfmt, written by one write(2):
 *   time=2026-11-23T02:04:05.123456Z level=info process=core event=enrolled device=p/s serial=01ab
 * Values with a space, a quote, '=' or bytes outside printable ASCII are quoted and escaped (\xNN).
 * Secrets have no formatter and do not get in. Not thread-safe before log_open() returned; each
 * process has one thread that logs. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <base/err.h>

#define LOG_LINE_MAX 2048 /* bytes; under PIPE_BUF, so that lines of processes do not mix */

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

/* One key=value pair. Keys are names of ours and are written as they are. */
struct log_field {
    const char *key;
    const char *value; /* NULL: the pair is left out */
};

/* Names the process for all later lines ("core", "front.1"); `process` must stay valid. Lines go to
 * the descriptor `fd` (2 outside tests). */
void log_open(const char *process, int fd);

/* Least level that is written; info unless set. */
void log_level_set(enum log_level least);

/* Writes one line. `fields` ends with a row whose key is NULL; may be NULL. Pairs that do
 * not fit into LOG_LINE_MAX bytes are left out and "cut=yes" says so. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* With at least one pair:
 *   log_event(LEVEL_INFO, "ready", {"listen", text}, {"fronts", log_number(n).text}); */
#define log_event(level, event, ...)                                                               \
    log_write(level, event, (const struct log_field[]){__VA_ARGS__, {NULL, NULL}})

/* A failure at the edge: event, code (E2001), name, text, and the request id (may be NULL). */
void log_err(enum log_level level, const char *event, const struct err *err,
             const char *request_id);

/* A number as text, by value: lives as long as the full expression's block. */
struct log_number {
    char text[24];
};
struct log_number log_number(int64_t value);

#endif
