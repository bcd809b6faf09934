#include <crypto/hash.h>
#include <crypto/verify.h>

#include "fail.h"
#include "free.h"
#include "p256.h"
#include "public_key.h"

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

/* Any key, by the ordinary road. */
static enum result verify_any(const struct x509_key *key, const struct algorithm *algorithm,
                              struct bytes message, struct bytes signature, struct err *err)
{
    CLEANUP(pkey_freep) EVP_PKEY *pkey = public_key_make(key);
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
    CLEANUP(pkey_freep) EVP_PKEY *pkey = public_key_make(key);
    if (pkey == NULL)
        forget_openssl_errors();
    return pkey != NULL;
}
