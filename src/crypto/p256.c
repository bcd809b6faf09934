#include "p256.h"

#include "fail.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

static EVP_PKEY *template;
static EVP_PKEY_CTX *verifier;

enum result p256_start(struct err *err)
{
    if (verifier != NULL)
        return OK;
    if (template == NULL)
        template = EVP_EC_gen("P-256");
    if (template == NULL)
        return fail_openssl(err, E_KEY, "P-256");
    verifier = EVP_PKEY_CTX_new_from_pkey(NULL, template, NULL);
    return verifier == NULL ? fail_openssl(err, E_KEY, "P-256 verification") : OK;
}

bool p256_set_point(struct bytes point)
{
    if (p256_start(NULL) != OK)
        return false;
    if (EVP_PKEY_set1_encoded_public_key(template, point.p, point.n) == 1)
        return true;
    forget_openssl_errors();
    return false;
}

bool p256_is_signed(const uint8_t *digest, size_t digest_n, struct bytes signature)
{
    if (EVP_PKEY_verify_init(verifier) == 1 &&
        EVP_PKEY_verify(verifier, signature.p, signature.n, digest, digest_n) == 1)
        return true;
    forget_openssl_errors();
    return false;
}
