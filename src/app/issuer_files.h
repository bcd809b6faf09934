/* Private: what init and issuer make alike. */
#ifndef APP_ISSUER_FILES_H
#define APP_ISSUER_FILES_H

#include <app/issuer.h>
#include <base/blob.h>
#include <pki/authority.h>
#include <pki/grant.h>

#include "init_files.h"

/* "Troth Root TAG" and so on: what the certificates of a kind are called. */
struct common_name {
    char text[64];
};
struct common_name issuer_common_name(enum pki_issuer_kind kind, const char *tag);

/* Eight hexadecimal digits that tell one issuer's name from another's. */
#define ISSUER_TAG_N 9
void issuer_make_tag(char ret[ISSUER_TAG_N]);

/* A request for a CA's certificate over `key`, PEM, into a file. */
MUST_USE enum result issuer_write_request(struct key *key, const struct common_name *name,
                                          const char *path, struct err *err);

/* A serial number for a CA's certificate (pki/authority.h). */
#define ISSUER_SERIAL_N 16
void issuer_make_serial(uint8_t ret[ISSUER_SERIAL_N]);

/* The signed whole of a TBSCertificate or TBSCertList. */
MUST_USE enum result issuer_sign_tbs(struct key *key, struct bytes tbs, struct blob *ret,
                                     struct err *err);

/* The root's key, encrypted, behind a line with its number where that is not the first one's; then
 * its certificate. A new file. */
MUST_USE enum result root_file_write(struct key *key, const struct secret *passphrase,
                                     uint32_t number, struct bytes certificate, const char *path,
                                     struct err *err);

/* The same, read: `issuer` points into `certificate`. */
struct root_read {
    struct key *key;
    struct blob certificate;
    struct pki_issuer issuer;
};
void root_read_free(struct root_read *root);
MUST_USE enum result root_file_read(const struct root_files *files, struct root_read *ret,
                                    struct err *err);

/* One certificate of a CA, built and signed; its serial number is made here. `parent` NULL:
 * self-signed. */
MUST_USE enum result issuer_make(struct authority *authority, const struct pki_issuer *parent,
                                 struct key *signer, const char *url, struct blob *ret,
                                 struct err *err);

/* The certificate that an issuer's request (DER) asks for. E_CSR, E_SIGNATURE. */
MUST_USE enum result issuer_certify(const struct root_read *root, struct bytes request,
                                    const char *url, int64_t now_s, struct blob *ret,
                                    struct err *err);

/* One of the CRLs that are signed ahead: 1 .. ROOT_CRL_COUNT. */
MUST_USE enum result root_crl_sign(const struct root_read *root, uint64_t number, struct blob *ret,
                                   struct err *err);

/* A file with a certificate in PEM or DER, or a request. */
MUST_USE enum result issuer_read_file(const char *path, const char *label, struct blob *ret,
                                      struct err *err);

#endif
