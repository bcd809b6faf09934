/* The record of a key ceremony: which keys were made, when, by what, and where each lies, as text
 * that is printed and signed by those who were there. It is CEREMONY_FILE of DATA/ca
 * (service/bootstrap.h). Its digest is SHA-256 of the file, and stands in the ledger's first entry
 * (TABLE_CEREMONY). It holds no secret. Private to app. */
#ifndef APP_CEREMONY_H
#define APP_CEREMONY_H

#include <base/config.h>
#include <crypto/key.h>
#include <signer/backend.h>
#include <wire/buf.h>

struct ceremony_key {
    const char *name;
    enum key_kind kind;
    struct bytes spki;
    struct bytes certificate; /* DER; empty: none, or not yet */
    const char *place;        /* the file of the private half */
    enum key_cost cost;
};

struct ceremony {
    const char *origin; /* the log's name */
    const char *how;
    int64_t made_s;
    struct ceremony_key keys[SIGNER_KEY_COUNT + 1];
    size_t n;
};

/* The whole record. */
void ceremony_write(struct buf *b, const struct ceremony *ceremony);

/* What `trothd init --accept` adds: certificates from a root elsewhere, by their names. */
struct ceremony_certificate {
    const char *name;
    struct bytes der;
};
void ceremony_write_accepted(struct buf *b, int64_t at_s, const struct ceremony_certificate *list,
                             size_t n);

#endif
