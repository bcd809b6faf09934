/* Private: public keys by their fields, as OpenSSL's objects. */
#ifndef CRYPTO_PUBLIC_KEY_H
#define CRYPTO_PUBLIC_KEY_H

#include <wire/x509.h>

#include <openssl/evp.h>

/* The caller owns it. NULL, with OpenSSL's reasons in its queue, for a key of an unknown kind, a
 * point that is not on its curve, and RSA outside 2048-4096 bits. */
EVP_PKEY *public_key_make(const struct x509_key *key);

#endif
