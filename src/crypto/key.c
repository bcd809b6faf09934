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

#define SPKI_MAX 560 /* octets: RSA-4096 */

struct key {
    enum key_kind kind;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *signer; /* P-256: kept ready, since making one costs half a signature */
    uint8_t spki[SPKI_MAX];
    size_t spki_n;
    uint8_t point[X509_P384_POINT_N];
    size_t point_n;
};

/* ---- kinds -----------------------------------------------------------------------------------
 */

static const struct kind_row {
    const char *type;   /* as OpenSSL calls it */
    const char *group;  /* of an EC key */
    int bits;           /* of an RSA key */
    const char *digest; /* of what it signs; NULL: the algorithm's own */
    enum x509_key_alg alg;
    const char *name;
} kinds[KEY_KIND_COUNT] = {
    [KEY_P256] = {"EC", "prime256v1", 0, "SHA256", X509_KEY_P256, "p256"},
    [KEY_ED25519] = {"ED25519", NULL, 0, NULL, X509_KEY_ED25519, "ed25519"},
    [KEY_P384] = {"EC", "secp384r1", 0, "SHA384", X509_KEY_P384, "p384"},
    [KEY_RSA_2048] = {"RSA", NULL, 2048, "SHA256", X509_KEY_RSA, "rsa-2048"},
    [KEY_RSA_3072] = {"RSA", NULL, 3072, "SHA256", X509_KEY_RSA, "rsa-3072"},
    [KEY_RSA_4096] = {"RSA", NULL, 4096, "SHA256", X509_KEY_RSA, "rsa-4096"},
};

const char *key_kind_name(enum key_kind kind)
{
    return (unsigned)kind < KEY_KIND_COUNT ? kinds[kind].name : NULL;
}

enum key_kind key_kind_named(const char *name)
{
    for (enum key_kind kind = KEY_NONE + 1; kind < KEY_KIND_COUNT; kind++)
        if (strcmp(kinds[kind].name, name) == 0)
            return kind;
    return KEY_NONE;
}

static bool is_of_kind(const EVP_PKEY *pkey, const struct kind_row *row)
{
    char group[32] = "";
    size_t n = 0;

    if (!EVP_PKEY_is_a(pkey, row->type))
        return false;
    if (row->bits != 0)
        return EVP_PKEY_get_bits(pkey) == row->bits;
    return row->group == NULL || (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
                                                                 group, sizeof(group), &n) == 1 &&
                                  strcmp(group, row->group) == 0);
}

static enum key_kind kind_of(const EVP_PKEY *pkey)
{
    for (enum key_kind kind = KEY_NONE + 1; kind < KEY_KIND_COUNT; kind++)
        if (is_of_kind(pkey, &kinds[kind]))
            return kind;
    return KEY_NONE;
}

/* ---- the public half -------------------------------------------------------------------------
 */

/* The uncompressed point, whatever form the key was stored in. */
static bool read_point(struct key *key)
{
    CLEANUP(bignum_freep) BIGNUM *x = NULL;
    CLEANUP(bignum_freep) BIGNUM *y = NULL;
    int n = key->kind == KEY_P256 ? 32 : 48;

    key->point[0] = 4;
    key->point_n = 1 + 2 * (size_t)n;
    return EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
           EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
           BN_bn2binpad(x, key->point + 1, n) == n && BN_bn2binpad(y, key->point + 1 + n, n) == n;
}

static bool read_ed25519(struct key *key)
{
    key->point_n = X509_ED25519_N;
    return EVP_PKEY_get_raw_public_key(key->pkey, key->point, &key->point_n) == 1;
}

static bool write_spki(struct key *key, struct bytes modulus, struct bytes exponent)
{
    struct buf spki = buf_over(key->spki, sizeof(key->spki));
    const struct x509_key fields = {.alg = kinds[key->kind].alg,
                                    .point = key_point(key),
                                    .modulus = modulus,
                                    .exponent = exponent};

    x509_write_spki(&spki, &fields);
    key->spki_n = spki.n;
    return buf_ok(&spki);
}

static bool prepare_rsa(struct key *key)
{
    CLEANUP(bignum_freep) BIGNUM *n = NULL;
    CLEANUP(bignum_freep) BIGNUM *e = NULL;
    uint8_t modulus[512], exponent[8];

    if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1 ||
        BN_num_bytes(n) > (int)sizeof(modulus) || BN_num_bytes(e) > (int)sizeof(exponent))
        return false;
    size_t modulus_n = (size_t)BN_bn2bin(n, modulus), exponent_n = (size_t)BN_bn2bin(e, exponent);
    return write_spki(key, bytes_of(modulus, modulus_n), bytes_of(exponent, exponent_n));
}

static bool prepare_signer(struct key *key)
{
    key->signer = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    return key->signer != NULL && EVP_PKEY_sign_init(key->signer) == 1;
}

static bool prepare(struct key *key)
{
    static const struct bytes none = {0};

    switch (key->kind) {
    case KEY_P256:
        return read_point(key) && write_spki(key, none, none) && prepare_signer(key);
    case KEY_P384:
        return read_point(key) && write_spki(key, none, none);
    case KEY_ED25519:
        return read_ed25519(key) && write_spki(key, none, none);
    case KEY_RSA_2048:
    case KEY_RSA_3072:
    case KEY_RSA_4096:
        return prepare_rsa(key);
    case KEY_NONE:
    case KEY_KIND_COUNT:
        break;
    }
    return false;
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
        return err_set(err, E_KEY,
                       "the key is not P-256, P-384, Ed25519 or RSA of 2048, 3072 or 4096 bits");
    if (!prepare(key))
        return fail_openssl(err, E_KEY, "the key cannot be used");
    *ret = STEAL(key);
    return OK;
}

EVP_PKEY *key_object(const struct key *key)
{
    return key->pkey;
}

static EVP_PKEY *generate(const struct kind_row *row)
{
    if (row->group != NULL)
        return EVP_EC_gen(row->group);
    if (row->bits != 0)
        return EVP_RSA_gen((unsigned)row->bits);
    return EVP_PKEY_Q_keygen(NULL, NULL, row->type);
}

enum result key_generate(enum key_kind kind, struct key **ret, struct err *err)
{
    if (key_kind_name(kind) == NULL)
        return err_set(err, E_BUG, "there is no kind %d of keys", (int)kind);
    EVP_PKEY *pkey = generate(&kinds[kind]);
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
    return x509_sig_alg_of(kinds[key->kind].alg);
}

enum result key_sign_digest(struct key *key, const uint8_t digest[SHA256_N],
                            struct key_signature *ret, struct err *err)
{
    struct key_signature signature = {.n = sizeof(signature.p)};

    if (key->kind != KEY_P256)
        return err_set(err, E_BUG, "a key that is not P-256 was given a digest");
    if (EVP_PKEY_sign(key->signer, signature.p, &signature.n, digest, SHA256_N) != 1)
        return fail_openssl(err, E_KEY, "signing failed");
    *ret = signature;
    return OK;
}

/* Any key, by the ordinary road. */
static enum result sign_any(struct key *key, struct bytes message, struct key_signature *ret,
                            struct err *err)
{
    CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct key_signature signature = {.n = sizeof(signature.p)};
    const char *digest = kinds[key->kind].digest;

    if (ctx == NULL || EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key->pkey, NULL) != 1 ||
        EVP_DigestSign(ctx, signature.p, &signature.n, message.p, message.n) != 1)
        return fail_openssl(err, E_KEY, "signing failed");
    *ret = signature;
    return OK;
}

enum result key_sign(struct key *key, struct bytes message, struct key_signature *ret,
                     struct err *err)
{
    uint8_t digest[SHA256_N];

    if (key->kind != KEY_P256)
        return sign_any(key, message, ret, err);
    sha256(message, digest);
    return key_sign_digest(key, digest, ret, err);
}
