/* Private: what the readers of other CAs' lists share. */
#ifndef PROTO_IMPORT_FOREIGN_H
#define PROTO_IMPORT_FOREIGN_H

#include <base/limits.h>
#include <proto/foreign.h>

struct foreign_file {
    const struct foreign_sink *sink;
    struct import_counts counts;
};

/* One file each. */
MUST_USE enum result foreign_read_index(struct foreign_file *file, struct bytes text,
                                        struct err *err);
MUST_USE enum result foreign_read_json(struct foreign_file *file, struct bytes text,
                                       struct err *err);
MUST_USE enum result foreign_read_csv(struct foreign_file *file, struct bytes text,
                                      struct err *err);
MUST_USE enum result foreign_read_pem(struct foreign_file *file, struct bytes text,
                                      struct err *err);

/* Counts a line in, and gives it to the sink: when `result` is OK as taken, else with `why`. */
MUST_USE enum result foreign_give(struct foreign_file *file, const struct foreign_read *line,
                                  enum result result, const struct err *why, struct err *err);

/* Values, foreign_values.c. E_FOREIGN with `name`. */

/* A serial number in hexadecimal, or in decimal, into line->octets. */
MUST_USE enum result foreign_read_hex(const char *name, struct bytes text,
                                      struct foreign_read *line, struct err *err);
MUST_USE enum result foreign_read_decimal(const char *name, struct bytes text,
                                          struct foreign_read *line, struct err *err);

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280 4.1.2.5.1, 4.1.2.5.2). */
MUST_USE enum result foreign_read_time(const char *name, struct bytes text, int64_t *ret_s,
                                       struct err *err);

/* A whole number, `min` to `max`. */
MUST_USE enum result foreign_read_number(const char *name, struct bytes text, int64_t min,
                                         int64_t max, int64_t *ret, struct err *err);

/* RFC 5280 5.3.1: 0 to 10 without 7. */
bool foreign_is_reason(int64_t reason);

/* The subject for people; and the one serial number that it names between `before` ("/" or ","), by
 * one of `names` and "=", NULL at its end. */
struct subject_style {
    char before;
    const char *const *names;
};
MUST_USE enum result foreign_read_subject(const char *name, struct bytes text,
                                          const struct subject_style *style,
                                          struct foreign_read *line, struct err *err);

#endif
