// OpenSSL 3 behind the verifier beyond <troth/adapters/openssl.h>: Ed25519, RSA-PSS with SHA-256
// (2048 bits and more), and SHA-384 and SHA-512. Include it in one file of the program, which links
// libcrypto.
#pragma once

#include <troth/crypto.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

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

// OpenSSL takes an Ed25519 message whole: the parts are joined.
static enum troth_verdict troth_openssl_verify_eddsa(struct troth_octets key,
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

// PSS with the hash's own length as salt (RFC 8230 2).
static enum troth_verdict troth_openssl_pss(EVP_PKEY *key, const struct troth_message *message,
                                            struct troth_octets signature)
{
    EVP_MD_CTX *judge = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    enum troth_verdict verdict = TROTH_BAD_SIGNATURE;
    bool is_well = judge != NULL &&
                   EVP_DigestVerifyInit(judge, &how, EVP_sha256(), NULL, key) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    for (size_t i = 0; i < message->n && is_well; i++)
        is_well = EVP_DigestVerifyUpdate(judge, message->parts[i].p, message->parts[i].n) == 1;
    if (is_well && EVP_DigestVerifyFinal(judge, signature.p, signature.n) == 1)
        verdict = TROTH_VALID;
    EVP_MD_CTX_free(judge);
    return verdict;
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
    enum troth_verdict verdict = troth_openssl_pss(read, message, signature);
    EVP_PKEY_free(read);
    return verdict;
}

static const struct troth_algorithm troth_openssl_ps256 = {TROTH_PS256, troth_openssl_rsa};
static const struct troth_algorithm troth_openssl_eddsa = {TROTH_EDDSA, troth_openssl_verify_eddsa};
static const struct troth_algorithm troth_openssl_ed25519 = {TROTH_ED25519,
                                                             troth_openssl_verify_eddsa};
