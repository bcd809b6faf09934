/* Making certification requests and certificates over keys of our own. */
#ifndef CRYPTO_CSR_H
#define CRYPTO_CSR_H

#include <base/blob.h>
#include <crypto/key.h>
#include <wire/x509_name.h>

/* A PKCS #10 request for `key`, DER. `attributes` is the content of [0], empty for none;
 * x509_write_extension_request makes one. The caller owns `ret`. E_KEY, E_BUG for a subject that no
 * name can hold. */
MUST_USE enum result csr_make(struct key *key, const struct x509_name_part *subject,
                              size_t subject_n, struct bytes attributes, struct blob *ret,
                              struct err *err);

/* SEQUENCE { info, algorithm, signature } over a finished TBSCertificate, TBSCertList or request
 * info: appended to `b`, whose failure is sticky. */
MUST_USE enum result sign_into(struct key *key, struct bytes info, struct buf *b, struct err *err);

#endif
