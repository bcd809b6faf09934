/* The log: processes write it, once, at the edge; libraries do not (style 14).
 *
 * One event is one line, written by one write(2), as logfmt or as JSON (RFC 8259):
 *   time=2026-11-23T02:04:05.123456Z level=info process=core event=enrolled device=p/s serial=01ab
 *   {"time":"2026-11-23T02:04:05.123456Z","level":"info","process":"core","event":"enrolled",...}
 * or one datagram to the systemd journal, with the line as MESSAGE and each pair as TROTH_KEY. In
 * logfmt values with a space, a quote, '=' or octets outside printable ASCII are quoted and escaped
 * (\xNN); in JSON such octets are \u00NN. Secrets have no formatter and do not get in. Not
 * thread-safe before log_open() returned; each process has one thread that logs. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <base/err.h>
#include <base/limits.h>

#define LOG_LINE_MAX 2048 /* bytes; under PIPE_BUF, so that lines of processes do not mix */
#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };
enum log_target { LOG_STDERR, LOG_JOURNAL };

/* One key=value pair. Keys are names of ours and are written as they are. */
struct log_field {
    const char *key;
    const char *value; /* NULL: the pair is left out */
};

/* Names the process for all later lines ("core", "front.1"); `process` must stay valid. Lines go to
 * the descriptor `fd` (2 outside tests). */
void log_open(const char *process, int fd);

/* From now on lines go to the journal, whose socket is at `path`; to `fd` of log_open() again when
 * it does not take one. Before the sandbox; processes forked later share it. E_IO. */
MUST_USE enum result log_open_journal(const char *path, struct err *err);

/* The descriptor of the journal, which has to stay open; -1 when there is none. */
int log_journal_fd(void);

/* How lines look, and the least level that is written; logfmt and info unless set. */
void log_style_set(enum log_format format, enum log_level least);

/* The request that everything is about until the next call (at most LIMIT_REQUEST_ID octets): lines
 * that name none get `request=` with it. Empty: none. */
void log_request_set(struct bytes id);

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

/* The same, of a peer at the address `peer`. */
void log_refusal(const char *event, const struct err *err, const char *request_id,
                 const char *peer);

/* A number as text, by value: lives as long as the full expression's block. */
struct log_number {
    char text[24];
};
struct log_number log_number(int64_t value);

#endif
