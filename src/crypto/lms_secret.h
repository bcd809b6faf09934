/* Private: the seed of an LMS key at rest, as PKCS #8 in PEM under id-alg-hss-lms-hashsig (RFC
 * 9708). */
#ifndef CRYPTO_LMS_SECRET_H
#define CRYPTO_LMS_SECRET_H

#include <crypto/key.h>

/* FOLDER/secret.pem, new. E_KEY. */
MUST_USE enum result lms_secret_store(const char *path, struct bytes seed,
                                      const struct secret *passphrase, struct err *err);

/* Of `n` octets; the caller owns `ret`. E_KEY. */
MUST_USE enum result lms_secret_load(const char *path, size_t n, const struct secret *passphrase,
                                     struct secret *ret, struct err *err);

#endif
