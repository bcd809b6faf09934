/* PEM (RFC 7468) to DER and back: the form in which people hand over certificates and requests.
 * OpenSSL reads it; the DER inside is not parsed here. Keys: crypto/key.h. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include <base/blob.h>
#include <base/err.h>

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_CSR "CERTIFICATE REQUEST"
#define PEM_CRL "X509 CRL"
#define PEM_PUBLIC_KEY "PUBLIC KEY"

/* The one block in `text`, which must have that label; text around it is allowed. "NEW CERTIFICATE
 * REQUEST" counts as PEM_CSR. E_SYNTAX without exactly one. The caller owns `ret`. */
MUST_USE enum result pem_read(struct bytes text, const char *label, struct blob *ret,
                              struct err *err);

/* PEM or, when the first octet is that of a SEQUENCE, DER as it is: for files that people name. */
MUST_USE enum result pem_or_der_read(struct bytes file, const char *label, struct blob *ret,
                                     struct err *err);

/* All blocks of that label in order, at most `max`; others are passed over. E_SYNTAX when there is
 * none, E_TOO_LARGE above `max`. The caller owns ret[0 .. *ret_n - 1]. */
MUST_USE enum result pem_read_all(struct bytes text, const char *label, size_t max,
                                  struct blob *ret, size_t *ret_n, struct err *err);

/* The caller owns `ret`, which is text without a NUL. */
MUST_USE enum result pem_write(struct bytes der, const char *label, struct blob *ret,
                               struct err *err);

#endif
