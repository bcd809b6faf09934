/* Certificates that another CA issued, out of what that CA keeps or exports:
 *
 * FOREIGN_OPENSSL  index.txt of `openssl ca`: a line each of six fields between tabs (state V, R or
 * E; end; revocation[,reason[,more]]; serial number in hex; file; subject in one line).
 * FOREIGN_STEP     of step-ca, JSON objects (RFC 8259), one a line: `certificate` (PEM or base64 of
 *                  DER) and, when it was revoked, `revoked` as step-ca's table revoked_x509_certs
 * has it (ReasonCode, RevokedAt; null is none). FOREIGN_EJBCA    CSV (RFC 4180) of EJBCA's table
 * CertificateData, whose first line names the columns: serialNumber (decimal), subjectDN,
 * expireDate (milliseconds), status, revocationDate, revocationReason; others are passed over.
 *
 * What begins with "-----BEGIN" is, for step-ca and EJBCA, certificates in PEM, one after the
 * other, none of them revoked as far as it says.
 *
 * Pure: certificates are read by the caller. Not checked here: who signed them; whether a device of
 * that serial number exists. */
#ifndef PROTO_FOREIGN_H
#define PROTO_FOREIGN_H

#include <proto/import.h>

enum foreign_format {
    FOREIGN_NO_FORMAT = 0,
    FOREIGN_OPENSSL,
    FOREIGN_STEP,
    FOREIGN_EJBCA,
    FOREIGN_FORMAT_COUNT
};

/* "openssl-index", "step-ca", "ejbca"; NULL for what does not exist. */
const char *foreign_format_word(unsigned format);

/* One good line; bytes are valid until `take` returned. */
struct foreign_read {
    uint32_t line;        /* of the file, from 1: where it begins */
    uint8_t octets[20];   /* what `serial` may point into */
    struct bytes serial;  /* magnitude: 1 to 20 octets, the first not 0 */
    struct bytes subject; /* for people: at most LIMIT_SUBJECT octets of UTF-8 without controls */
    /* Of the subject: empty when it has none, several, or one that no device can have. */
    struct bytes serial_number;
    int64_t not_after_s;
    bool is_revoked;
    int64_t revoked_s;
    uint8_t reason; /* RFC 5280 5.3.1 */
};

/* What the caller does; a failure of `take` or `fault` ends the reading with it. */
struct foreign_sink {
    void *context;
    /* Fills serial, subject, serial_number and not_after_s from PEM or base64 of DER. */
    enum result (*certificate)(void *context, struct bytes field, struct foreign_read *line,
                               struct err *err);
    enum result (*take)(void *context, const struct foreign_read *line, struct err *err);
    enum result (*fault)(void *context, uint32_t line, const struct err *why, struct err *err);
};

/* Reads the whole file. E_SYNTAX: no header, or one without a column that is needed; E_TOO_LARGE:
 * more than LIMIT_IMPORT_ROWS; E_MEMORY. Any other thing that is wrong is its line's fault and the
 * others are taken. A serial number that stands twice is taken twice: the ledger knows. */
MUST_USE enum result foreign_read(struct bytes text, enum foreign_format format,
                                  const struct foreign_sink *sink, struct import_counts *ret,
                                  struct err *err);

#endif
