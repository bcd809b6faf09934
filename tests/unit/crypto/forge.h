/* Certificates, good and bad, made by OpenSSL calls alone. */
#ifndef TEST_FORGE_H
#define TEST_FORGE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

#define FORGE_NOW_S                                                                                \
    INT64_C(1795000000) /* November 2026; nothing in a fixture depends on the clock */
#define FORGE_DAY_S INT64_C(86400)

struct forged {
    EVP_PKEY *key;
    X509 *cert;
    unsigned char *der;
    size_t n;
};

/* Zeros make an ordinary leaf, valid from a day before FORGE_NOW_S to 30 days after it. */
struct forge {
    const char *name;              /* CN */
    const char *serial_number;     /* NULL: none */
    EVP_PKEY *key;                 /* borrowed; the certificate is for it */
    const struct forged *issuer;   /* NULL: self-signed */
    int64_t from_s, to_s;          /* relative to FORGE_NOW_S; both 0: the ordinary ones */
    const char *basic_constraints; /* OpenSSL's words for values, NULL: no such extension */
    const char *key_usage;
    const char *eku;
    const char *name_constraints;
    const char
        *more; /* an OID for an extension that nobody knows, critical when it begins with '!' */
    bool bad_signature;
    bool no_key_ids;
};

/* Exits the test when OpenSSL refuses. */
struct forged forge(const struct forge *what);
void forged_free(struct forged *forged);

EVP_PKEY *forge_key(const char *kind); /* "P-256", "P-384", "RSA", "ED25519" */

/* What OpenSSL thinks of leaf + others under the anchors, as a TLS client, at `now_s`. */
bool forge_openssl_accepts(struct forged *const *chain, size_t n, struct forged *const *anchors,
                           size_t anchors_n, int64_t now_s);

#endif
