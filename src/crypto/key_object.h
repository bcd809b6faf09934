/* Private: the OpenSSL object inside a key. */
#ifndef CRYPTO_KEY_OBJECT_H
#define CRYPTO_KEY_OBJECT_H

#include <crypto/key.h>

#include <openssl/evp.h>

/* Makes a key of `pkey`, which it owns from here on, also on failure. */
MUST_USE enum result key_adopt(EVP_PKEY *pkey, struct key **ret, struct err *err);

/* Borrowed. */
EVP_PKEY *key_object(const struct key *key);

#endif
