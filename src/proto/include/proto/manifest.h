/* A maker's manifest of secure elements: Microchip's for Trust&GO and TrustFLEX, versions 1 to 3. A
 * JSON array of JWS (RFC 7515 7.2.2, flattened), one a device; what is signed is a JSON object with
 * its uniqueId, groupId and public keys (RFC 7517).
 *
 * The device's serial number is uniqueId, its batch groupId, its registered key that of slot 0 (kid
 * "0"), where there is one: a version 2 has no keys. `distributer`, as version 1 writes it, is
 * `distributor`. Members that nobody knows are passed over.
 *
 * An entry's signature is checked before its payload is read. Its algorithm is ES256 and stands in
 * the protected header; none, MACs and whatever else is refused by name. No certificate or key that
 * an entry brings says anything about who signed it: `verify` knows that beforehand.
 *
 * Pure: keys and certificates are judged by the caller. Not checked here: times; whether the point
 * of a key lies on its curve; whether product and device exist. */
#ifndef PROTO_MANIFEST_H
#define PROTO_MANIFEST_H

#include <proto/import.h>

#include <base/limits.h>

#define MANIFEST_SPKI_N 91      /* SubjectPublicKeyInfo of a P-256 key: RFC 5480 2 */
#define MANIFEST_SIGNATURE_N 64 /* r || s of ES256: RFC 7518 3.4 */

/* A signature and what it says of its signer; one of the two is there. */
struct manifest_signature {
    struct bytes kid;        /* the signer's key identifier (RFC 5280 4.2.1.2); empty: not said */
    struct bytes thumbprint; /* x5t#S256: SHA-256 of his certificate; empty: not said */
    struct bytes input;      /* what is signed */
    struct bytes signature;  /* MANIFEST_SIGNATURE_N octets */
};

/* The key of slot 0, and the certificates that came with it: the device's first. */
struct manifest_key {
    struct bytes spki; /* DER */
    struct bytes chain[LIMIT_CHAIN_CERTIFICATES];
    size_t chain_n;
};

/* What the caller does; a failure of `take` or `fault` ends the reading with it. Lines are entries,
 * from 1. */
struct manifest_sink {
    void *context;
    /* Was it signed by somebody who may? Fills `signer`. A failure is the entry's fault. */
    enum result (*verify)(void *context, const struct manifest_signature *signature,
                          struct import_line *line, struct err *err);
    /* Fills spki, and of a chain that is good `anchor` and certificate. A failure is the fault. */
    enum result (*key)(void *context, const struct manifest_key *key, struct import_line *line,
                       struct err *err);
    enum result (*take)(void *context, const struct import_line *line, struct err *err);
    enum result (*fault)(void *context, uint32_t line, const struct err *why, struct err *err);
};

/* What the operator says of all devices of a file. */
struct manifest_terms {
    struct bytes product, owner;
    bool hold;
};

/* Reads the whole file. E_SYNTAX: product or owner is no name, or the text is no JSON array of
 * values; E_TOO_LARGE: more than LIMIT_IMPORT_ROWS; E_MEMORY. Then the caller throws away what he
 * took. Any other thing that is wrong is its entry's fault, and the others are taken. */
MUST_USE enum result manifest_read(struct bytes text, const struct manifest_terms *terms,
                                   const struct manifest_sink *sink, struct import_counts *ret,
                                   struct err *err);

#endif
