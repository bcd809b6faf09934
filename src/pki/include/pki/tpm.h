/* What a TPM has to say before a key in it is believed to be there (proof level 5).
 *
 * In this order: the endorsement key is that of a certificate; what is sealed to it and to the
 * attestation key (crypto/credential.h) comes back, so both are in one TPM; the attestation key
 * certifies the device's key with our nonce, so that one is in it too. Attributes and Names are
 * worked out from the public areas, never believed.
 *
 * Every refusal is E_TPM with its own text, but for a key that is too weak (E_KEY_WEAK) and a
 * signature that is not good (E_SIGNATURE). One thread.
 *
 * NOT checked here: the chain of the endorsement key's certificate, that the secret came back, that
 * a nonce is used once and when, the request's own signature, and the device's key against what its
 * product accepts. */
#ifndef PKI_TPM_H
#define PKI_TPM_H

#include <base/err.h>
#include <wire/tpm.h>

#define TPM_NONCE_N 32

/* The endorsement key from its TPM2B_PUBLIC: RSA, P-256 or P-384, for storage alone, fixed in its
 * TPM and made there, and the one of the SubjectPublicKeyInfo in its certificate. */
MUST_USE enum result tpm_check_ek(struct bytes octets, struct bytes certified,
                                  struct tpm_public *ret, struct err *err);

/* The attestation key: restricted, so that it signs nothing but what its TPM wrote; fixed there and
 * made there; ECDSA or RSASSA with SHA-256. */
MUST_USE enum result tpm_check_ak(struct bytes octets, struct tpm_public *ret, struct err *err);

/* What was sent to show that the device's key is in the TPM of that attestation key. */
struct tpm_evidence {
    const struct tpm_public *ak; /* as tpm_check_ak gave it */
    struct bytes key;            /* TPM2B_PUBLIC */
    struct bytes attest;         /* TPMS_ATTEST of TPM2_Certify */
    struct bytes signature;      /* TPMT_SIGNATURE */
    struct bytes nonce;          /* ours, TPM_NONCE_N octets */
    struct bytes spki;           /* of the certification request */
};

/* The device's key: fixed in its TPM and made there, signs, is not restricted, is the one that is
 * to be certified; and the TPM says so now. E_BUG for a nonce of another length. */
MUST_USE enum result tpm_check_evidence(const struct tpm_evidence *evidence, struct tpm_public *ret,
                                        struct err *err);

#endif
