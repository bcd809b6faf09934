/* The online keys in one file, under a passphrase of its own, with the record of their ceremony:
 * for a safe, beside backups, which never have keys. Private to app.
 *
 *   Troth key export, format 1
 *   installation ORIGIN
 *   made 2026-11-30T10:00:00Z by trothd 0.1.0
 *   record sha256:HEX                     "record none" when there is none; then its lines:
 *   | ...
 *   certificate root                      then PEM; idevid, ldevid, operations likewise
 *   key idevid                            then PKCS #8 in PEM, encrypted; each key of the signer
 *   issuer ldevid-5                       then PEM; each issuer that followed a first one, by
 * number, key ldevid-5                          and its key signature BASE64 by the log's Ed25519
 * key, over KEY_EXPORT_PREFIX and all lines before sha256 HEX                            of all
 * lines before: a copy that is not whole is told from a wrong passphrase */
#ifndef APP_KEY_EXPORT_H
#define APP_KEY_EXPORT_H

#include <base/blob.h>
#include <base/config.h>
#include <crypto/key.h>
#include <pki/profile.h>
#include <signer/backend.h>

#define KEY_EXPORT_MAX 65536 /* octets */
#define KEY_EXPORT_PREFIX "troth-key-export-1\n"
#define KEY_EXPORT_TITLE "Troth key export, format 1"

/* An issuer that followed the first of its kind. */
#define KEY_LATER_MAX (PKI_ISSUERS - PKI_ISSUER_COUNT)
struct key_later {
    enum pki_issuer_kind kind;
    uint32_t number;
    struct bytes certificate, key; /* PEM */
};

/* A file whose lines are as they must be and whose digest is right. All points into its text. */
struct key_export {
    struct bytes origin;
    struct bytes record_digest;                  /* hexadecimal; empty: no record */
    struct bytes record;                         /* its lines, each behind "| " */
    struct bytes certificates[PKI_ISSUER_COUNT]; /* PEM */
    struct bytes keys[SIGNER_KEY_COUNT];         /* PEM */
    struct key_later later[KEY_LATER_MAX];
    size_t later_n;
    struct bytes signed_part;
    struct bytes signature; /* base64 */
};
/* No key is opened and no signature checked. E_EXPORT. */
MUST_USE enum result key_export_parse(struct bytes text, struct key_export *ret, struct err *err);

/* The same with its keys open, its signature good, and each issuer's key that of its certificate.
 */
struct key_set {
    struct blob text;
    struct key_export file; /* points into text */
    struct key *keys[SIGNER_KEY_COUNT];
    struct blob certificates[PKI_ISSUER_COUNT]; /* DER */
    struct key *later_keys[KEY_LATER_MAX];
    struct blob later_certificates[KEY_LATER_MAX];
    struct blob record; /* empty: none */
};
void key_set_free(struct key_set *set);

/* `ret` is zeroed by the caller and freed in any case. E_EXPORT, E_EXPORT_PASSPHRASE. */
MUST_USE enum result key_export_open(const char *path, const struct secret *passphrase,
                                     struct key_set *ret, struct err *err);

/* Writes the keys of the installation to the new file `path`, and reads it back. `online` opens
 * them where they are. E_CONFLICT when `path` exists. */
struct key_export_order {
    const struct config *config;
    const struct secret *online, *passphrase;
    const char *path;
    int64_t now_s;
};
MUST_USE enum result key_export_write(const struct key_export_order *order, struct err *err);

/* Are these the keys of the installation here? *ret_there: there is one to compare with.
 * E_EXPORT_OTHER names what differs. */
MUST_USE enum result key_set_compare(const struct key_set *set, const struct config *config,
                                     bool *ret_there, struct err *err);

/* Puts what is missing of the signer's files in place, keys under `online`; what is there must be
 * the same. Unless `dry`, and says how many keys it wrote or would. E_EXPORT_PLACE without
 * certificates and database, E_EXPORT_OTHER. */
MUST_USE enum result key_set_import(const struct key_set *set, const struct config *config,
                                    const struct secret *online, bool dry, size_t *ret_written,
                                    struct err *err);

#endif
