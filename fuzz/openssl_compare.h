// Comparing what wire read with what OpenSSL read.
#pragma once

#include "fuzz.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>
#include <wire/x509.h>

// Takes over what an i2d function allocated and compares it.
static inline void must_encode(int n, unsigned char *encoded, struct bytes wanted)
{
    must(n >= 0 && bytes_equal(bytes_of(encoded, (size_t)n), wanted));
    OPENSSL_free(encoded);
}

static inline void must_be_name(const X509_NAME *name, struct bytes wanted)
{
    const unsigned char *der = NULL;
    size_t n = 0;
    must(X509_NAME_get0_der(name, &der, &n) == 1 && bytes_equal(bytes_of(der, n), wanted));
}

static inline void must_be_time(const ASN1_TIME *time, int64_t wanted_s)
{
    struct tm tm;
    must(ASN1_TIME_to_tm(time, &tm) == 1 && timegm(&tm) == wanted_s);
}

static inline void must_be_serial(const ASN1_INTEGER *serial, struct bytes wanted)
{
    must(ASN1_STRING_type(serial) == V_ASN1_INTEGER);
    must(bytes_equal(bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)),
                     wanted));
}

static inline void must_be_spki(const X509_PUBKEY *key, struct bytes wanted)
{
    unsigned char *encoded = NULL;
    int n = i2d_X509_PUBKEY(key, &encoded);
    must_encode(n, encoded, wanted);
}

static inline void must_be_bits(const ASN1_BIT_STRING *bits, struct bytes wanted)
{
    must(bytes_equal(bytes_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)),
                     wanted));
}

// The key as OpenSSL names it, where OpenSSL can use it at all.
static inline void must_be_key(EVP_PKEY *key, const struct x509_key *wanted)
{
    static const int types[] = {
        [X509_KEY_P256] = EVP_PKEY_EC,
        [X509_KEY_P384] = EVP_PKEY_EC,
        [X509_KEY_ED25519] = EVP_PKEY_ED25519,
        [X509_KEY_RSA] = EVP_PKEY_RSA,
    };
    if (key && wanted->alg != X509_KEY_OTHER)
        must(EVP_PKEY_get_base_id(key) == types[wanted->alg]);
}
