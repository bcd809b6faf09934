// OpenSSL 3 behind the verifier, for hosts: a fast SHA-256, and ES256, ES384, Ed25519 and PS256
// (RSA of 2048 bits and more). Include it in one file of the program, which links libcrypto. It
// allocates; where that fails a signature is refused and a hash is of nothing (all zero).
#pragma once

#include <troth/crypto.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
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

static enum troth_verdict troth_openssl_judge(EVP_PKEY *key, const EVP_MD *hash,
                                              const struct troth_message *message,
                                              struct troth_octets signature)
{
    EVP_MD_CTX *judge = EVP_MD_CTX_new();
    enum troth_verdict verdict = TROTH_BAD_SIGNATURE;
    bool is_well = judge != NULL && EVP_DigestVerifyInit(judge, NULL, hash, NULL, key) == 1;
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

static const struct troth_algorithm troth_openssl_es256 = {TROTH_ES256, troth_openssl_p256};
static const struct troth_algorithm troth_openssl_esp256 = {TROTH_ESP256, troth_openssl_p256};
static const struct troth_algorithm troth_openssl_es384 = {TROTH_ES384, troth_openssl_p384};
static const struct troth_algorithm troth_openssl_esp384 = {TROTH_ESP384, troth_openssl_p384};
