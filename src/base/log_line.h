/* One line of the log in the making, as logfmt, as JSON, or as the fields of a journal datagram.
 * Private to the log. */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <base/log.h>

/* What does not fit is left out whole, and `is_cut` remembers it. */
struct log_line {
    enum log_format format;
    char text[LOG_LINE_MAX];
    size_t n;
    bool is_cut;
};

void log_line_add(struct log_line *line, const char *key, const char *value);

/* With its line feed. */
void log_line_end(struct log_line *line);

#endif
