/* The plain twin: certificates made by OpenSSL calls alone, from the words of their profile. */
#ifndef TEST_TWIN_H
#define TEST_TWIN_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stddef.h>
#include <stdint.h>

/* One extension in OpenSSL's own words; the list ends with a NULL value. */
struct twin_extension {
    int nid;
    const char *value;
};

struct twin {
    X509 *issuer; /* NULL: self-signed, by `issuer_key` */
    EVP_PKEY *issuer_key;
    const char *subject[9]; /* field, text, field, text ...; NULL ends */
    const uint8_t *serial;
    size_t serial_n;
    const char *from, *to; /* GeneralizedTime: converted as RFC 5280 wants */
    EVP_PKEY *key;
    struct twin_extension extensions[12];
};

/* A key of "P-256", "P-384", "ED25519" or "RSA" (2048 bits). */
EVP_PKEY *twin_key(const char *kind);

/* What it signs with; NULL where the algorithm has its own digest. */
const EVP_MD *twin_digest(const EVP_PKEY *key);

/* The TBSCertificate, malloc'd by OpenSSL. */
size_t twin_tbs(const struct twin *twin, uint8_t **ret);

/* The certificate, signed. */
X509 *twin_certificate(const struct twin *twin);

#endif
