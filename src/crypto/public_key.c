#include "public_key.h"

#include <base/result.h>

#include "free.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define RSA_MIN_BYTES (2048 / 8) /* SP 800-131A */
#define RSA_MAX_BYTES (4096 / 8) /* what a stranger may make us compute */
#define RSA_MAX_EXPONENT_BYTES 8

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

EVP_PKEY *public_key_make(const struct x509_key *key)
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
