// What a TPM 2.0 says of its keys: public areas, what it attests, its signatures (TPM 2.0 library,
// part 2: Structures, whose names stand here and in the
// reasons).
//
// Every struct bytes points into the input, which the caller keeps alive. On refusal the functions
// return false, leave *ret untouched and set *ret_why to a static text that names the rule.
// Taken are the kinds that a device's key or an endorsement key has here: RSA and the curves P-256
// and P-384, SHA-256 and SHA-384, AES in CFB mode. What else there is is refused by name.
// NOT checked here: any signature, whether a point lies on its curve, and what attributes a key
// must have (src/pki/tpm.c).
#pragma once

#include <wire/buf.h>
#include <wire/reader.h>

#define TPM_PUBLIC_MAX 1024 // octets of a TPM2B_PUBLIC: RSA-4096 with a policy has under 700
#define TPM_ATTEST_MAX 512  // octets of a TPMS_ATTEST that certifies: names take 4 * 66
#define TPM_SIGNATURE_MAX 520
#define TPM_POINT_MAX 97 // 04 || x || y of P-384
#define TPM_NAME_MAX 50  // a Name: algorithm and a digest of SHA-384
#define TPM_DATA_MAX 66  // TPM2B_DATA

// TPM_ALG_ID
enum tpm_alg {
    TPM_RSA = 0x0001,
    TPM_AES = 0x0006,
    TPM_SHA256 = 0x000b,
    TPM_SHA384 = 0x000c,
    TPM_NULL = 0x0010,
    TPM_RSASSA = 0x0014,
    TPM_RSAES = 0x0015,
    TPM_RSAPSS = 0x0016,
    TPM_OAEP = 0x0017,
    TPM_ECDSA = 0x0018,
    TPM_ECDH = 0x0019,
    TPM_ECC = 0x0023,
    TPM_CFB = 0x0043,
};

// TPM_ECC_CURVE
enum tpm_curve { TPM_P256 = 0x0003, TPM_P384 = 0x0004 };

// TPMA_OBJECT; the other bits are reserved and zero
enum {
    TPM_FIXED_TPM = 1 << 1, // the key never leaves this TPM
    TPM_ST_CLEAR = 1 << 2,
    TPM_FIXED_PARENT = 1 << 4,
    TPM_SENSITIVE_DATA_ORIGIN = 1 << 5, // the TPM made it
    TPM_USER_WITH_AUTH = 1 << 6,
    TPM_ADMIN_WITH_POLICY = 1 << 7,
    TPM_NO_DA = 1 << 10,
    TPM_ENCRYPTED_DUPLICATION = 1 << 11,
    TPM_RESTRICTED = 1 << 16, // signs only what the TPM wrote itself
    TPM_DECRYPT = 1 << 17,
    TPM_SIGN = 1 << 18,
    TPM_X509_SIGN = 1 << 19,
};

struct tpm_public {
    struct bytes area; // TPMT_PUBLIC: what a Name is the hash of
    enum tpm_alg type; // TPM_RSA or TPM_ECC
    enum tpm_alg name_alg;
    uint32_t attributes;
    struct bytes policy;
    uint16_t aes_bits;    // of a key that other keys are stored under; 0: none
    enum tpm_alg scheme;  // TPM_NULL: whatever the caller says
    enum tpm_alg hash;    // of the scheme; 0 without one
    struct bytes modulus; // RSA
    uint32_t exponent;
    enum tpm_curve curve; // ECC; a coordinate may lack leading zeros
    struct bytes x;
    struct bytes y;
};

// A TPM2B_PUBLIC.
bool tpm_read_public(struct bytes octets, struct tpm_public *ret,
                     const char **ret_why) WIRE_MUST_USE;

// Octets of a coordinate of that curve; of a digest of that algorithm, 0 for what is none.
size_t tpm_field_n(enum tpm_curve curve);
size_t tpm_digest_n(enum tpm_alg hash);

// 04 || x || y with all zeros; the SubjectPublicKeyInfo that a certificate of this key has.
void tpm_write_point(struct buf *b, const struct tpm_public *key);
void tpm_write_spki(struct buf *b, const struct tpm_public *key);

// A TPMS_ATTEST of type TPM_ST_ATTEST_CERTIFY: "this Name is a key in me".
struct tpm_certified {
    struct bytes signer; // qualified Name of the key that signed
    struct bytes extra;  // what the caller asked to be written in
    uint64_t clock_ms;
    uint32_t resets;
    uint32_t restarts;
    bool is_safe;
    uint64_t firmware;
    struct bytes name; // algorithm and digest
    struct bytes qualified_name;
};
bool tpm_read_certified(struct bytes octets, struct tpm_certified *ret,
                        const char **ret_why) WIRE_MUST_USE;

// A TPMT_SIGNATURE: ECDSA or RSASSA.
struct tpm_signature {
    enum tpm_alg scheme;
    enum tpm_alg hash;
    struct bytes r; // ECDSA, without leading zeros or with
    struct bytes s;
    struct bytes rsa;
};
bool tpm_read_signature(struct bytes octets, struct tpm_signature *ret,
                        const char **ret_why) WIRE_MUST_USE;

// As X.509 carries it: ECDSA-Sig-Value, or the octets of RSA.
void tpm_write_signature(struct buf *b, const struct tpm_signature *signature);
