/* A secret that one TPM alone can open, and only for one key: TPM2_MakeCredential without a TPM
 * (TPM 2.0 library, part 1, 24 and annexes B.10.4 and C.6.4), and Names.
 *
 * Who sends the secret back has a TPM with that endorsement key, and in it a key of that Name: the
 * proof that neither is copied. Endorsement keys are RSA from 2048 bits on, P-256 and P-384. Any
 * thread.
 *
 * What came back is compared by secret_equal (base/secret.h), in constant time. NOT checked here:
 * that the endorsement key is one, which its certificate says, and what the named key may do
 * (pki/tpm.h). */
#ifndef CRYPTO_CREDENTIAL_H
#define CRYPTO_CREDENTIAL_H

#include <base/err.h>
#include <wire/tpm.h>

#define CREDENTIAL_SECRET_MAX 32 /* octets of what is sent: all that SHA-256 lets a TPM take */
#define CREDENTIAL_BLOB_MAX 128
#define CREDENTIAL_SEED_MAX 516

/* Name of a key: its algorithm and the digest of its public area. */
struct tpm_name {
    uint8_t p[TPM_NAME_MAX];
    size_t n;
};

static inline struct bytes tpm_name_bytes(const struct tpm_name *name)
{
    return bytes_of(name->p, name->n);
}

/* Worked out from the area, never believed. E_KEY when OpenSSL fails. */
MUST_USE enum result credential_name(const struct tpm_public *key, struct tpm_name *ret,
                                     struct err *err);

/* As they go to the TPM: TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET. */
struct credential {
    uint8_t blob[CREDENTIAL_BLOB_MAX];
    size_t blob_n;
    uint8_t seed[CREDENTIAL_SEED_MAX];
    size_t seed_n;
};

/* Seals `secret` (1 .. CREDENTIAL_SECRET_MAX octets) to the endorsement key and to the key of that
 * Name. E_TPM for an endorsement key that nothing can be sealed to, E_KEY when OpenSSL fails, E_BUG
 * for a secret or a Name of another length. */
MUST_USE enum result credential_make(const struct tpm_public *ek, const struct tpm_name *name,
                                     struct bytes secret, struct credential *ret, struct err *err);

#endif
