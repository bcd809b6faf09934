#include "forge.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

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

EVP_PKEY *forge_key(const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "RSA") == 0       ? EVP_RSA_gen(2048)
                    : strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                   : EVP_EC_gen(kind);
    must(key != NULL, kind);
    return key;
}

static void add_name(X509_NAME *name, const char *field, const char *text)
{
    if (text != NULL)
        must(X509_NAME_add_entry_by_txt(name, field,
                                        strcmp(field, "serialNumber") == 0 ? V_ASN1_PRINTABLESTRING
                                                                           : MBSTRING_UTF8,
                                        (const unsigned char *)text, -1, -1, 0) == 1,
             "name");
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    if (value == NULL)
        return;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void add_unknown(X509 *cert, const char *oid)
{
    if (oid == NULL)
        return;
    bool is_critical = *oid == '!';
    ASN1_OBJECT *object = OBJ_txt2obj(oid + is_critical, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    must(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2) == 1, oid);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, is_critical, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1) == 1, oid);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static void set_times(X509 *cert, const struct forge *what)
{
    bool is_ordinary = what->from_s == 0 && what->to_s == 0;
    int64_t from_s = is_ordinary ? -FORGE_DAY_S : what->from_s;
    int64_t to_s = is_ordinary ? 30 * FORGE_DAY_S : what->to_s;

    must(ASN1_TIME_set(X509_getm_notBefore(cert), FORGE_NOW_S + from_s) != NULL, "from");
    must(ASN1_TIME_set(X509_getm_notAfter(cert), FORGE_NOW_S + to_s) != NULL, "to");
}

static void set_serial(X509 *cert)
{
    BIGNUM *serial = BN_new();
    must(BN_rand(serial, 100, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1, "serial");
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
    BN_free(serial);
}

static void set_extensions(X509 *cert, X509 *issuer, const struct forge *what)
{
    add_extension(cert, issuer, NID_basic_constraints, what->basic_constraints);
    add_extension(cert, issuer, NID_key_usage, what->key_usage);
    add_extension(cert, issuer, NID_ext_key_usage, what->eku);
    add_extension(cert, issuer, NID_name_constraints, what->name_constraints);
    add_unknown(cert, what->more);
    if (what->no_key_ids)
        return;
    add_extension(cert, issuer, NID_subject_key_identifier, "hash");
    if (what->issuer != NULL)
        add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
}

static void sign(X509 *cert, EVP_PKEY *key)
{
    bool is_ed25519 = EVP_PKEY_is_a(key, "ED25519");
    bool is_p384 = EVP_PKEY_get_bits(key) == 384;

    must(X509_sign(cert, key,
                   is_ed25519 ? NULL
                   : is_p384  ? EVP_sha384()
                              : EVP_sha256()) > 0,
         "signature");
}

struct forged forge(const struct forge *what)
{
    struct forged forged = {.key = what->key, .cert = X509_new()};
    X509 *cert = forged.cert, *issuer = what->issuer != NULL ? what->issuer->cert : cert;

    must(X509_set_version(cert, X509_VERSION_3) == 1, "version");
    set_serial(cert);
    set_times(cert, what);
    add_name(X509_get_subject_name(cert), "CN", what->name);
    add_name(X509_get_subject_name(cert), "serialNumber", what->serial_number);
    must(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1, "issuer");
    must(X509_set_pubkey(cert, what->key) == 1, "key");
    set_extensions(cert, issuer, what);
    sign(cert, what->issuer != NULL ? what->issuer->key : what->key);
    forged.n = (size_t)i2d_X509(cert, &forged.der);
    if (what->bad_signature) {
        const unsigned char *at = forged.der;
        forged.der[forged.n - 1] ^= 1;
        X509_free(forged.cert);
        forged.cert = d2i_X509(NULL, &at, (long)forged.n);
        must(forged.cert != NULL, "changed certificate");
    }
    return forged;
}

void forged_free(struct forged *forged)
{
    X509_free(forged->cert);
    OPENSSL_free(forged->der);
}

bool forge_openssl_accepts(struct forged *const *chain, size_t n, struct forged *const *anchors,
                           size_t anchors_n, int64_t now_s)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();

    for (size_t i = 0; i < anchors_n; i++)
        X509_STORE_add_cert(store, anchors[i]->cert);
    for (size_t i = 1; i < n; i++)
        sk_X509_push(others, chain[i]->cert);
    must(X509_STORE_CTX_init(ctx, store, chain[0]->cert, others) == 1, "context");
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_CTX_set_time(ctx, 0, now_s);
    bool is_good = X509_verify_cert(ctx) == 1;
    sk_X509_free(others);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return is_good;
}
