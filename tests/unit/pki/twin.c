#include "twin.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool is_done, const char *what)
{
    if (is_done)
        return;
    fprintf(stderr, "# OpenSSL refused: %s\n", what);
    abort();
}

EVP_PKEY *twin_key(const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "RSA") == 0       ? EVP_RSA_gen(2048)
                    : strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                   : EVP_EC_gen(kind);
    must(key != NULL, kind);
    return key;
}

const EVP_MD *twin_digest(const EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519"))
        return NULL;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256();
}

static void set_time(ASN1_TIME *to, const char *text)
{
    must(ASN1_TIME_set_string_X509(to, text) == 1, text);
}

static void set_subject(X509 *cert, const struct twin *twin)
{
    X509_NAME *name = X509_get_subject_name(cert);

    for (size_t i = 0; twin->subject[i] != NULL; i += 2) {
        const char *text = twin->subject[i + 1];
        bool is_utf8 = strpbrk(text, "_@*#&") != NULL;
        for (const char *p = text; *p != '\0'; p++)
            is_utf8 |= (unsigned char)*p > 127;
        must(X509_NAME_add_entry_by_txt(name, twin->subject[i],
                                        is_utf8 ? V_ASN1_UTF8STRING : V_ASN1_PRINTABLESTRING,
                                        (const unsigned char *)text, -1, -1, 0) == 1,
             text);
    }
}

static void set_serial(X509 *cert, const struct twin *twin)
{
    BIGNUM *serial = BN_bin2bn(twin->serial, (int)twin->serial_n, NULL);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
    BN_free(serial);
}

static void set_extensions(X509 *cert, X509 *issuer, const struct twin *twin)
{
    X509V3_CTX ctx;

    for (const struct twin_extension *e = twin->extensions; e->value != NULL; e++) {
        X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, e->nid, e->value);
        must(extension != NULL && X509_add_ext(cert, extension, -1) == 1, e->value);
        X509_EXTENSION_free(extension);
    }
}

X509 *twin_certificate(const struct twin *twin)
{
    X509 *cert = X509_new();
    X509 *issuer = twin->issuer != NULL ? twin->issuer : cert;

    must(X509_set_version(cert, X509_VERSION_3) == 1, "version");
    set_serial(cert, twin);
    set_subject(cert, twin);
    must(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1, "issuer");
    set_time(X509_getm_notBefore(cert), twin->from);
    set_time(X509_getm_notAfter(cert), twin->to);
    must(X509_set_pubkey(cert, twin->key) == 1, "key");
    set_extensions(cert, issuer, twin);
    must(X509_sign(cert, twin->issuer_key, twin_digest(twin->issuer_key)) > 0, "signature");
    return cert;
}

size_t twin_tbs(const struct twin *twin, uint8_t **ret)
{
    X509 *cert = twin_certificate(twin);
    int n = i2d_re_X509_tbs(cert, ret);

    must(n > 0, "TBS");
    X509_free(cert);
    return (size_t)n;
}
