// OpenSSL 3 behind the verifier, for hosts: a fast SHA-256, and ES256, ES384, Ed25519 and PS256
// (RSA of 2048 bits and more). Include it in one file of the program, which links libcrypto. It
// allocates; where that fails a signature is refused and a hash is of nothing (all zero).
#pragma once

#include <troth/crypto.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

// ---- the hash of payloads

static void troth_openssl_begin(union troth_hash_state *state)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(hash);
        hash = NULL;
    }
    state->pointer = hash;
}

static void troth_openssl_add(union troth_hash_state *state, const void *octets, size_t n)
{
    if (state->pointer != NULL && EVP_DigestUpdate((EVP_MD_CTX *)state->pointer, octets, n) != 1) {
        EVP_MD_CTX_free((EVP_MD_CTX *)state->pointer);
        state->pointer = NULL;
    }
}

static void troth_openssl_end(union troth_hash_state *state, uint8_t ret[TROTH_HASH_N])
{
    if (state->pointer == NULL || EVP_DigestFinal_ex((EVP_MD_CTX *)state->pointer, ret, NULL) != 1)
        memset(ret, 0, TROTH_HASH_N);
    EVP_MD_CTX_free((EVP_MD_CTX *)state->pointer);
    state->pointer = NULL;
}

static const struct troth_hash troth_openssl_sha256 = {troth_openssl_begin, troth_openssl_add,
                                                       troth_openssl_end};

static inline void troth_openssl_wide(const struct troth_message *message, size_t n, uint8_t *ret)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_well =
        hash != NULL && EVP_DigestInit_ex(hash, n == 48 ? EVP_sha384() : EVP_sha512(), NULL) == 1;
    for (size_t i = 0; i < message->n && is_well; i++)
        is_well = EVP_DigestUpdate(hash, message->parts[i].p, message->parts[i].n) == 1;
    if (!is_well || EVP_DigestFinal_ex(hash, ret, NULL) != 1)
        memset(ret, 0, n);
    EVP_MD_CTX_free(hash);
}

// ---- signatures

// Of a raw r || s the DER that OpenSSL verifies; 0 when it cannot be.
static size_t troth_openssl_der(struct troth_octets raw, uint8_t *ret, size_t max)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.p, (int)(raw.n / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw.p + raw.n / 2, (int)(raw.n / 2), NULL);
    size_t n = 0;
    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        int length = i2d_ECDSA_SIG(signature, NULL);
        if (length > 0 && (size_t)length <= max)
            n = (size_t)i2d_ECDSA_SIG(signature, &ret);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return n;
}

// A point of that curve, on it.
static EVP_PKEY *troth_openssl_point(const char *curve, struct troth_octets point)
{
    EVP_PKEY_CTX *made = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.p,
                                          point.n),
        OSSL_PARAM_construct_end(),
    };
    if (made == NULL || EVP_PKEY_fromdata_init(made) != 1 ||
        EVP_PKEY_fromdata(made, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(made);
    return key;
}

// RSA signatures are PSS with the hash's own length as salt (RFC 8230 2).
static bool troth_openssl_is_pss(EVP_PKEY_CTX *how, const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
           (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static enum troth_verdict troth_openssl_judge(EVP_PKEY *key, const EVP_MD *hash,
                                              const struct troth_message *message,
                                              struct troth_octets signature)
{
    EVP_MD_CTX *judge = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    enum troth_verdict verdict = TROTH_BAD_SIGNATURE;
    bool is_well = judge != NULL && EVP_DigestVerifyInit(judge, &how, hash, NULL, key) == 1 &&
                   troth_openssl_is_pss(how, key);
    for (size_t i = 0; i < message->n && is_well; i++)
        is_well = EVP_DigestVerifyUpdate(judge, message->parts[i].p, message->parts[i].n) == 1;
    if (is_well && EVP_DigestVerifyFinal(judge, signature.p, signature.n) == 1)
        verdict = TROTH_VALID;
    EVP_MD_CTX_free(judge);
    EVP_PKEY_free(key);
    return verdict;
}

static enum troth_verdict troth_openssl_ecdsa(struct troth_octets key, size_t half,
                                              const struct troth_message *message,
                                              struct troth_octets signature)
{
    uint8_t der[128];
    if (key.n != 1 + 2 * half || key.p[0] != 4)
        return TROTH_BAD_KEY;
    if (signature.n != 2 * half)
        return TROTH_BAD_SIGNATURE;
    EVP_PKEY *point = troth_openssl_point(half == 32 ? "P-256" : "P-384", key);
    if (point == NULL)
        return TROTH_BAD_KEY;
    size_t n = troth_openssl_der(signature, der, sizeof der);
    return troth_openssl_judge(point, half == 32 ? EVP_sha256() : EVP_sha384(), message,
                               (struct troth_octets){der, n});
}

static enum troth_verdict troth_openssl_p256(struct troth_octets key,
                                             const struct troth_message *message,
                                             struct troth_octets signature)
{
    return troth_openssl_ecdsa(key, 32, message, signature);
}

static enum troth_verdict troth_openssl_p384(struct troth_octets key,
                                             const struct troth_message *message,
                                             struct troth_octets signature)
{
    return troth_openssl_ecdsa(key, 48, message, signature);
}

// OpenSSL takes an Ed25519 message whole: the parts are joined.
static enum troth_verdict troth_openssl_eddsa(struct troth_octets key,
                                              const struct troth_message *message,
                                              struct troth_octets signature)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < message->n; i++)
        n += message->parts[i].n;
    EVP_PKEY *point = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.p, key.n);
    if (point == NULL)
        return TROTH_BAD_KEY;
    uint8_t *whole = (uint8_t *)OPENSSL_malloc(n + 1);
    EVP_MD_CTX *judge = EVP_MD_CTX_new();
    for (size_t i = 0; whole != NULL && i < message->n; at += message->parts[i++].n)
        if (message->parts[i].n > 0)
            memcpy(whole + at, message->parts[i].p, message->parts[i].n);
    bool is_signed = whole != NULL && judge != NULL &&
                     EVP_DigestVerifyInit(judge, NULL, NULL, NULL, point) == 1 &&
                     EVP_DigestVerify(judge, signature.p, signature.n, whole, n) == 1;
    EVP_MD_CTX_free(judge);
    OPENSSL_free(whole);
    EVP_PKEY_free(point);
    return is_signed ? TROTH_VALID : TROTH_BAD_SIGNATURE;
}

static enum troth_verdict troth_openssl_rsa(struct troth_octets key,
                                            const struct troth_message *message,
                                            struct troth_octets signature)
{
    const uint8_t *p = key.p;
    EVP_PKEY *read = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)key.n);
    if (read == NULL || p != key.p + key.n || EVP_PKEY_get_bits(read) < 2048) {
        EVP_PKEY_free(read);
        return TROTH_BAD_KEY;
    }
    return troth_openssl_judge(read, EVP_sha256(), message, signature);
}

static const struct troth_algorithm troth_openssl_algorithms[] = {
    {TROTH_ES256, troth_openssl_p256},  {TROTH_ESP256, troth_openssl_p256},
    {TROTH_ES384, troth_openssl_p384},  {TROTH_ESP384, troth_openssl_p384},
    {TROTH_EDDSA, troth_openssl_eddsa}, {TROTH_ED25519, troth_openssl_eddsa},
    {TROTH_PS256, troth_openssl_rsa},
};
#define TROTH_OPENSSL_ALGORITHMS_N 7
