/* The import file: CSV (RFC 4180, libcsv) whose first line names the columns; or, when it begins
 * with {, JSON objects (RFC 8259), one a line, whose members are the columns and all text.
 *
 * Columns: product, serial (both always); one of key (PEM), csr, certificate (PEM or base64 of
 * DER), spki (SHA-256 of the SubjectPublicKeyInfo, hex) may be filled; owner, batch, hold (yes,
 * no), replaces (a serial number). A quoted field may have line breaks: PEM does. Blank lines are
 * passed over.
 *
 * Pure: what stands in a key, csr or certificate is read by the caller's `proof`. A CSR's signature
 * is not checked, neither here nor there: it says only which key the device has. Not checked here:
 * whether product and device exist, and whether the key is another device's. */
#ifndef PROTO_IMPORT_H
#define PROTO_IMPORT_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

enum import_proof { IMPORT_NO_PROOF = 0, IMPORT_KEY, IMPORT_CSR, IMPORT_CERTIFICATE };

/* One good line; bytes are valid until `take` returned. Texts are within their limits (limits.h),
 * UTF-8 without control characters; the serial number is a PrintableString (X.520 serialNumber)
 * that a path can say: no slash, not "." or "..". */
struct import_line {
    uint32_t line; /* of the file, from 1: where it begins */
    struct bytes product, serial_number, owner, batch, replaces;
    bool hold;
    bool has_spki;
    uint8_t spki[32];
    struct bytes certificate; /* DER; empty unless `proof` filled it */
    uint32_t signer, anchor;  /* of a maker's manifest (proto/manifest.h); else 0 */
};

/* What the caller does; a failure of `take` or `fault` ends the reading with it. */
struct import_sink {
    void *context;
    /* Fills spki (and certificate) of `line` from a filled field; a failure is the line's fault. */
    enum result (*proof)(void *context, enum import_proof kind, struct bytes field,
                         struct import_line *line, struct err *err);
    enum result (*take)(void *context, const struct import_line *line, struct err *err);
    enum result (*fault)(void *context, uint32_t line, const struct err *why, struct err *err);
};

struct import_counts {
    uint32_t rows;   /* data lines: good and bad */
    uint32_t faults; /* bad ones */
};

/* Reads the whole file. E_SYNTAX: no header, or one that lacks a column, has one twice or one that
 * is not known; then nothing was taken. E_TOO_LARGE: more than LIMIT_IMPORT_ROWS. Any other thing
 * that is wrong is its line's fault and the others are taken: a field too long, too many fields,
 * broken quoting, an object that is none, a (product, serial) that an earlier line has. */
MUST_USE enum result import_read(struct bytes text, const struct import_sink *sink,
                                 struct import_counts *ret, struct err *err);

#endif
