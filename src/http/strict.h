/* The strict request check: one reading of the head of an HTTP request, or none.
 *
 * libmicrohttpd's parser forgives what makes two parsers disagree about where a request ends. So
 * every head is judged here before anything else looks at it; a broken rule is answered with 400
 * and the end of the connection. Pure: no I/O, no HTTP library.
 *
 * One thing cannot be seen after the parser overwrote the ends of lines: NULs and bare LFs in the
 * place of CRLF, behind a field or as the empty line. It is harmless: what is refused here is what
 * two parsers read differently, and behind this one there is no second; a field so ended has passed
 * every other rule.
 *
 * Bodies are framed by Content-Length only (RFC 9112 6.1 allows to answer 411 to a chunked one):
 * nothing here needs more, and the library's chunk parser takes bare LF. Only the origin-form of a
 * target is taken (RFC 9112 3.2.1): there is no proxy here. */
#ifndef HTTP_STRICT_H
#define HTTP_STRICT_H

#include "surface.h"

#include <base/err.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

#define STRICT_HEADERS_MAX 64  /* curl sends 5, browsers under 30 */
#define STRICT_TARGET_MAX 2048 /* octets of path and query */
#define STRICT_LENGTH_DIGITS 18

struct strict_header {
    struct bytes name, value;
};

/* A head as the parser handed it over; all bytes point into its receive buffer, where the parser
 * overwrote delimiters by NUL, may have decoded the query in place, and moved nothing. */
struct strict_head {
    enum surface surface;
    struct bytes method, target, version;
    struct strict_header headers[STRICT_HEADERS_MAX];
    size_t headers_n;   /* may be above STRICT_HEADERS_MAX: then refused */
    struct bytes whole; /* from the method to the empty line's end */
};

/* What a good head says. */
struct strict_verdict {
    struct bytes path; /* still percent-encoded; what it encodes is harmless, but behind /ocsp/ */
    bool has_length;
    uint64_t length; /* Content-Length; 0 without one */
};

/* E_HTTP or E_LENGTH; the text names the rule, the value seen, the value wanted. */
MUST_USE enum result strict_check(const struct strict_head *head, struct strict_verdict *ret,
                                  struct err *err);

/* Percent-decoding (RFC 3986 2.1) in place of `text`, for what strict_check let pass: false for a
 * broken escape, for what is not UTF-8 and for control characters. */
bool strict_decode(uint8_t *text, size_t *n);

#endif
