#include <crypto/hash.h>
#include <crypto/verify.h>

#include "fail.h"
#include "free.h"
#include "p256.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define RSA_MIN_BYTES (2048 / 8) /* SP 800-131A */
#define RSA_MAX_BYTES (4096 / 8) /* what a stranger may make us compute */
#define RSA_MAX_EXPONENT_BYTES 8

/* Which keys an algorithm goes with, and its digest. */
struct algorithm {
    enum x509_sig_alg alg;
    enum x509_key_alg keys[2];
    const char *digest; /* NULL: the algorithm's own */
};

static const struct algorithm algorithms[] = {
    {X509_SIG_ECDSA_SHA256, {X509_KEY_P256, X509_KEY_P384}, "SHA256"},
    {X509_SIG_ECDSA_SHA384, {X509_KEY_P256, X509_KEY_P384}, "SHA384"},
    {X509_SIG_ECDSA_SHA512, {X509_KEY_P256, X509_KEY_P384}, "SHA512"},
    {X509_SIG_ED25519, {X509_KEY_ED25519, X509_KEY_ED25519}, NULL},
    {X509_SIG_RSA_SHA256, {X509_KEY_RSA, X509_KEY_RSA}, "SHA256"},
    {X509_SIG_RSA_SHA384, {X509_KEY_RSA, X509_KEY_RSA}, "SHA384"},
    {X509_SIG_RSA_SHA512, {X509_KEY_RSA, X509_KEY_RSA}, "SHA512"},
};

static const struct algorithm *algorithm_find(const struct x509_key *key, enum x509_sig_alg alg)
{
    for (size_t i = 0; i < LENGTH_OF(algorithms); i++) {
        const struct algorithm *row = &algorithms[i];
        if (row->alg == alg && (row->keys[0] == key->alg || row->keys[1] == key->alg))
            return row;
    }
    return NULL;
}

static EVP_PKEY *key_from_params(const char *kind, OSSL_PARAM *params)
{
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

static EVP_PKEY *ec_key(const char *group, struct bytes point)
{
    uint8_t octets[X509_P384_POINT_N];
    if (point.n > sizeof(octets))
        return NULL;
    memcpy(octets, point.p, point.n);

    char name[16];
    OPENSSL_strlcpy(name, group, sizeof(name));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, point.n),
        OSSL_PARAM_construct_end(),
    };
    return key_from_params("EC", params);
}

static EVP_PKEY *rsa_key(struct bytes modulus, struct bytes exponent)
{
    if (modulus.n < RSA_MIN_BYTES || modulus.n > RSA_MAX_BYTES || exponent.n == 0 ||
        exponent.n > RSA_MAX_EXPONENT_BYTES)
        return NULL;

    CLEANUP(bignum_freep) BIGNUM *n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
    CLEANUP(bignum_freep) BIGNUM *e = BN_bin2bn(exponent.p, (int)exponent.n, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (n != NULL && e != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
        if (params != NULL)
            key = key_from_params("RSA", params);
        OSSL_PARAM_free(params);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *key_make(const struct x509_key *key)
{
    switch (key->alg) {
    case X509_KEY_P256:
        return ec_key("P-256", key->point);
    case X509_KEY_P384:
        return ec_key("P-384", key->point);
    case X509_KEY_ED25519:
        return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->point.p, key->point.n);
    case X509_KEY_RSA:
        return rsa_key(key->modulus, key->exponent);
    case X509_KEY_OTHER:
        return NULL;
    }
    return NULL;
}

/* Any key, by the ordinary road. */
static enum result verify_any(const struct x509_key *key, const struct algorithm *algorithm,
                              struct bytes message, struct bytes signature, struct err *err)
{
    CLEANUP(pkey_freep) EVP_PKEY *pkey = key_make(key);
    if (pkey == NULL)
        return fail_openssl(err, E_KEY, "the public key cannot be used");

    CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, algorithm->digest, NULL, NULL, pkey, NULL) != 1)
        return fail_openssl(err, E_KEY, "the public key cannot verify");
    if (EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1)
        return OK;
    forget_openssl_errors();
    return err_set(err, E_SIGNATURE, "the signature does not verify");
}

static enum result verify_p256(struct bytes point, struct bytes message, struct bytes signature,
                               struct err *err)
{
    uint8_t digest[SHA256_N];

    if (!p256_set_point(point))
        return err_set(err, E_KEY, "the public key is no point of P-256 (RFC 5480 2.2)");
    sha256(message, digest);
    if (!p256_is_signed(digest, sizeof(digest), signature))
        return err_set(err, E_SIGNATURE, "the ECDSA signature does not verify");
    return OK;
}

enum result verify_signature(const struct x509_key *key, enum x509_sig_alg alg,
                             struct bytes message, struct bytes signature, struct err *err)
{
    const struct algorithm *algorithm = algorithm_find(key, alg);

    if (algorithm == NULL)
        return err_set(err, E_SIGNATURE, "the signature algorithm is unknown or not the key's");
    if (key->alg == X509_KEY_P256 && alg == X509_SIG_ECDSA_SHA256)
        return verify_p256(key->point, message, signature, err);
    return verify_any(key, algorithm, message, signature, err);
}

enum result verify_csr(const struct x509_csr *csr, struct err *err)
{
    return verify_signature(&csr->key, csr->sig_alg, csr->info, csr->signature, err);
}

bool is_usable_key(const struct x509_key *key)
{
    if (key->alg == X509_KEY_P256)
        return key->point.n == X509_P256_POINT_N && key->point.p[0] == 4 &&
               p256_set_point(key->point);
    CLEANUP(pkey_freep) EVP_PKEY *pkey = key_make(key);
    if (pkey == NULL)
        forget_openssl_errors();
    return pkey != NULL;
}
