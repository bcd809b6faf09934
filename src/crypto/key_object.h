/* Private: the OpenSSL object inside a key. */
#ifndef CRYPTO_KEY_OBJECT_H
#define CRYPTO_KEY_OBJECT_H

#include <crypto/key.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Makes a key of `pkey`, which it owns from here on, also on failure. */
MUST_USE enum result key_adopt(EVP_PKEY *pkey, struct key **ret, struct err *err);

/* Borrowed. */
EVP_PKEY *key_object(const struct key *key);

/* PKCS #8 as PEM, encrypted or with a NULL passphrase in the clear: crypto/key.h, of whatever key.
 * The caller owns `ret`. E_KEY. */
MUST_USE enum result key_info_read(struct bytes pem, const struct secret *passphrase,
                                   PKCS8_PRIV_KEY_INFO **ret, struct err *err);
MUST_USE enum result key_info_write(PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase,
                                    enum key_cost cost, struct secret *ret, struct err *err);

#endif
