/* What a scan of TLS servers saw: JSON objects (RFC 8259), one a line, a target each.
 *
 *   target    "10.0.0.7:443", "[2001:db8::7]:443", "host.example:8883"
 *   outcome   "seen", "no-certificate", "no-tls", "refused", "timed-out", "unreachable"
 *   protocol, cipher   as the library that looked names them; may be absent
 *   chain     of "seen": 1 to LIMIT_CHAIN_CERTIFICATES texts, base64 of DER, the leaf first; else
 *             empty or absent
 *
 * Pure: certificates are decoded and read by the caller. */
#ifndef PROTO_SCAN_H
#define PROTO_SCAN_H

#include <base/err.h>
#include <base/limits.h>
#include <proto/import.h>

/* The same numbers as enum scan_outcome in trust/foreign_words.h (a test holds them together). */
enum look_outcome {
    LOOK_NOTHING = 0,
    LOOK_SEEN,
    LOOK_NO_CERTIFICATE,
    LOOK_NO_TLS,
    LOOK_REFUSED,
    LOOK_TIMED_OUT,
    LOOK_UNREACHABLE,
    LOOK_OUTCOME_COUNT
};

/* One good line; bytes are valid until `take` returned. */
struct scan_read {
    uint32_t line;
    struct bytes target; /* at most LIMIT_PLACE octets: host, ":", port; lower case */
    struct bytes host;   /* its beginning, without the port */
    enum look_outcome outcome;
    struct bytes protocol, cipher; /* printable ASCII, at most 16 and 64 octets */
    size_t chain_n;
    struct bytes chain[LIMIT_CHAIN_CERTIFICATES]; /* base64 */
};

/* A failure of `take` or `fault` ends the reading with it. */
struct scan_sink {
    void *context;
    enum result (*take)(void *context, const struct scan_read *line, struct err *err);
    enum result (*fault)(void *context, uint32_t line, const struct err *why, struct err *err);
};

/* Reads the whole text. E_TOO_LARGE: more than LIMIT_SCAN_ROWS lines. Any other thing that is wrong
 * is its line's fault (E_SCAN) and the others are taken. */
MUST_USE enum result scan_read(struct bytes text, const struct scan_sink *sink,
                               struct import_counts *ret, struct err *err);

#endif
