/* Private: OpenSSL's owners for CLEANUP. */
#ifndef CRYPTO_FREE_H
#define CRYPTO_FREE_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define FREE_FUNCTION(type, name, call)                                                            \
    static inline void name(type **p)                                                              \
    {                                                                                              \
        call(*p);                                                                                  \
    }

FREE_FUNCTION(EVP_PKEY, pkey_freep, EVP_PKEY_free)
FREE_FUNCTION(EVP_PKEY_CTX, pkey_ctx_freep, EVP_PKEY_CTX_free)
FREE_FUNCTION(EVP_MD_CTX, md_ctx_freep, EVP_MD_CTX_free)
FREE_FUNCTION(EVP_CIPHER_CTX, cipher_ctx_freep, EVP_CIPHER_CTX_free)
FREE_FUNCTION(BIO, bio_freep, BIO_free_all)
FREE_FUNCTION(BIGNUM, bignum_freep, BN_clear_free)
FREE_FUNCTION(X509_SIG, x509_sig_freep, X509_SIG_free)
FREE_FUNCTION(X509_ALGOR, x509_algor_freep, X509_ALGOR_free)
FREE_FUNCTION(PKCS8_PRIV_KEY_INFO, pkcs8_freep, PKCS8_PRIV_KEY_INFO_free)

#undef FREE_FUNCTION

#endif
