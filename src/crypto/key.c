#include <crypto/key.h>

#include <crypto/hash.h>
#include <wire/x509_write.h>

#include "fail.h"
#include "free.h"
#include "key_object.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdlib.h>

#define ED25519_N 32
#define SPKI_MAX 96

struct key {
    enum key_kind kind;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *signer; /* P-256: kept ready, since making one costs half a signature */
    uint8_t spki[SPKI_MAX];
    size_t spki_n;
    uint8_t point[X509_P256_POINT_N];
    size_t point_n;
};

/* The uncompressed point, whatever form the key was stored in. */
static bool read_p256_point(struct key *key)
{
    CLEANUP(bignum_freep) BIGNUM *x = NULL;
    CLEANUP(bignum_freep) BIGNUM *y = NULL;

    key->point[0] = 4;
    key->point_n = X509_P256_POINT_N;
    return EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
           EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
           BN_bn2binpad(x, key->point + 1, 32) == 32 && BN_bn2binpad(y, key->point + 33, 32) == 32;
}

static bool prepare_p256(struct key *key)
{
    struct buf spki = buf_over(key->spki, sizeof(key->spki));

    if (!read_p256_point(key))
        return false;
    x509_write_spki_p256(&spki, key_point(key));
    key->spki_n = spki.n;
    key->signer = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    return buf_ok(&spki) && key->signer != NULL && EVP_PKEY_sign_init(key->signer) == 1;
}

static bool prepare_ed25519(struct key *key)
{
    uint8_t *to = key->spki;

    key->point_n = ED25519_N;
    if (EVP_PKEY_get_raw_public_key(key->pkey, key->point, &key->point_n) != 1)
        return false;
    int n = i2d_PUBKEY(key->pkey, NULL);
    if (n <= 0 || (size_t)n > sizeof(key->spki))
        return false;
    key->spki_n = (size_t)i2d_PUBKEY(key->pkey, &to);
    return true;
}

static enum key_kind kind_of(const EVP_PKEY *pkey)
{
    char group[32] = "";
    size_t n = 0;

    if (EVP_PKEY_is_a(pkey, "ED25519"))
        return KEY_ED25519;
    if (EVP_PKEY_is_a(pkey, "EC") &&
        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       &n) == 1 &&
        (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0))
        return KEY_P256;
    return KEY_NONE;
}

enum result key_adopt(EVP_PKEY *pkey, struct key **ret, struct err *err)
{
    CLEANUP(key_freep) struct key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return err_set(err, E_MEMORY, "no memory for a key");
    }
    key->pkey = pkey;
    key->kind = kind_of(pkey);
    if (key->kind == KEY_NONE)
        return err_set(err, E_KEY, "the key is neither P-256 nor Ed25519");
    if (!(key->kind == KEY_P256 ? prepare_p256(key) : prepare_ed25519(key)))
        return fail_openssl(err, E_KEY, "the key cannot be used");
    *ret = STEAL(key);
    return OK;
}

EVP_PKEY *key_object(const struct key *key)
{
    return key->pkey;
}

enum result key_generate(enum key_kind kind, struct key **ret, struct err *err)
{
    EVP_PKEY *pkey =
        kind == KEY_P256 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (pkey == NULL)
        return fail_openssl(err, E_KEY, "no key could be made");
    return key_adopt(pkey, ret, err);
}

void key_free(struct key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_CTX_free(key->signer);
    EVP_PKEY_free(key->pkey);
    free(key);
}

void key_freep(struct key **key)
{
    key_free(*key);
}

enum key_kind key_kind(const struct key *key)
{
    return key->kind;
}

struct bytes key_spki(const struct key *key)
{
    return bytes_of(key->spki, key->spki_n);
}

struct bytes key_point(const struct key *key)
{
    return bytes_of(key->point, key->point_n);
}

enum x509_sig_alg key_sig_alg(const struct key *key)
{
    return key->kind == KEY_P256 ? X509_SIG_ECDSA_SHA256 : X509_SIG_ED25519;
}

enum result key_sign_digest(struct key *key, const uint8_t digest[SHA256_N],
                            struct key_signature *ret, struct err *err)
{
    struct key_signature signature = {.n = sizeof(signature.p)};

    if (key->kind != KEY_P256)
        return err_set(err, E_BUG, "a key that signs messages was given a digest");
    if (EVP_PKEY_sign(key->signer, signature.p, &signature.n, digest, SHA256_N) != 1)
        return fail_openssl(err, E_KEY, "signing failed");
    *ret = signature;
    return OK;
}

static enum result sign_ed25519(struct key *key, struct bytes message, struct key_signature *ret,
                                struct err *err)
{
    CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct key_signature signature = {.n = sizeof(signature.p)};

    if (ctx == NULL || EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1 ||
        EVP_DigestSign(ctx, signature.p, &signature.n, message.p, message.n) != 1)
        return fail_openssl(err, E_KEY, "signing failed");
    *ret = signature;
    return OK;
}

enum result key_sign(struct key *key, struct bytes message, struct key_signature *ret,
                     struct err *err)
{
    uint8_t digest[SHA256_N];

    if (key->kind == KEY_ED25519)
        return sign_ed25519(key, message, ret, err);
    sha256(message, digest);
    return key_sign_digest(key, digest, ret, err);
}
