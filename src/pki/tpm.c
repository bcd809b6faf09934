#include <pki/tpm.h>

#include <crypto/credential.h>
#include <crypto/verify.h>
#include <pki/keyquality.h>

#define SPKI_MAX 560 /* octets: RSA-4096 */

/* ---- attributes --------------------------------------------------------------------------------
 */

struct rule {
    uint32_t attribute;
    bool is_wanted;
    const char *text;
};

/* A key for which these hold was made in its TPM and is nowhere else. */
static const struct rule common_rules[] = {
    {TPM_FIXED_TPM, true, "can leave its TPM, wanted is fixedTPM"},
    {TPM_FIXED_PARENT, true, "can be moved below another parent, wanted is fixedParent"},
    {TPM_SENSITIVE_DATA_ORIGIN, true,
     "was made elsewhere and imported, wanted is sensitiveDataOrigin"},
};

static const struct rule ek_rules[] = {
    {TPM_RESTRICTED, true, "opens what anybody made, wanted is restricted"},
    {TPM_DECRYPT, true, "does not decrypt, wanted is decrypt"},
    {TPM_SIGN, false, "signs, wanted is one that does not: sign is set"},
};

static const struct rule ak_rules[] = {
    {TPM_RESTRICTED, true, "signs whatever it is given, wanted is restricted"},
    {TPM_SIGN, true, "does not sign, wanted is sign"},
    {TPM_DECRYPT, false, "decrypts, wanted is one that does not: decrypt is set"},
};

static const struct rule key_rules[] = {
    {TPM_SIGN, true, "does not sign, wanted is sign"},
    {TPM_RESTRICTED, false,
     "signs nothing but what its TPM wrote, no request and no handshake: restricted is set"},
};

struct kind {
    const char *name;
    const struct rule *rules;
    size_t n;
};

static const struct kind ek_kind = {"endorsement key", ek_rules, LENGTH_OF(ek_rules)};
static const struct kind ak_kind = {"attestation key", ak_rules, LENGTH_OF(ak_rules)};
static const struct kind device_kind = {"device's key", key_rules, LENGTH_OF(key_rules)};

static enum result check_rules(const char *name, const struct tpm_public *key,
                               const struct rule *rules, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (((key->attributes & rules[i].attribute) != 0) != rules[i].is_wanted)
            return err_set(err, E_TPM, "the %s %s (its TPMA_OBJECT is %08x)", name, rules[i].text,
                           (unsigned)key->attributes);
    return OK;
}

static enum result read_area(const struct kind *kind, struct bytes octets, struct tpm_public *ret,
                             struct err *err)
{
    const char *why = NULL;
    struct tpm_public key;

    if (!tpm_read_public(octets, &key, &why))
        return err_set(err, E_TPM, "the %s's public area: %s", kind->name, why);
    TRY(check_rules(kind->name, &key, common_rules, LENGTH_OF(common_rules), err));
    TRY(check_rules(kind->name, &key, kind->rules, kind->n, err));
    *ret = key;
    return OK;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

static bool is_of_spki(const struct tpm_public *key, struct bytes spki)
{
    uint8_t memory[SPKI_MAX];
    struct buf b = buf_over(memory, sizeof memory);
    tpm_write_spki(&b, key);
    return buf_ok(&b) && bytes_equal(buf_bytes(&b), spki);
}

/* The fields point into `memory`. */
static enum result as_x509(const struct kind *kind, const struct tpm_public *key,
                           uint8_t memory[SPKI_MAX], struct x509_key *ret, struct err *err)
{
    struct buf b = buf_over(memory, SPKI_MAX);
    const char *why = NULL;
    tpm_write_spki(&b, key);
    if (!x509_read_spki(buf_bytes(&b), ret, &why))
        return err_set(err, E_TPM, "the %s: %s", kind->name, why);
    return OK;
}

static enum result check_strength(const struct kind *kind, const struct tpm_public *key,
                                  struct err *err)
{
    uint8_t memory[SPKI_MAX];
    struct x509_key fields;
    TRY(as_x509(kind, key, memory, &fields, err));
    enum result result = keyquality_check(&fields, KEYS_P256 | KEYS_P384 | KEYS_RSA, err);
    if (result != OK)
        err_prefix(err, "the %s", kind->name);
    return result;
}

enum result tpm_check_ek(struct bytes octets, struct bytes certified, struct tpm_public *ret,
                         struct err *err)
{
    struct tpm_public ek;
    TRY(read_area(&ek_kind, octets, &ek, err));
    if (ek.aes_bits == 0)
        return err_set(err, E_TPM,
                       "the endorsement key has no symmetric algorithm, wanted is AES in CFB mode");
    if (!is_of_spki(&ek, certified))
        return err_set(err, E_TPM,
                       "the endorsement key is not the one in its certificate, wanted is that one");
    TRY(check_strength(&ek_kind, &ek, err));
    *ret = ek;
    return OK;
}

enum result tpm_check_ak(struct bytes octets, struct tpm_public *ret, struct err *err)
{
    struct tpm_public ak;
    TRY(read_area(&ak_kind, octets, &ak, err));
    if (ak.name_alg != TPM_SHA256)
        return err_set(err, E_TPM,
                       "the attestation key's nameAlg is %04x, wanted is SHA-256 (000b)",
                       (unsigned)ak.name_alg);
    if ((ak.scheme != TPM_ECDSA && ak.scheme != TPM_RSASSA) || ak.hash != TPM_SHA256)
        return err_set(
            err, E_TPM,
            "the attestation key signs by %04x with hash %04x, wanted is ECDSA (0018) or "
            "RSASSA (0014) with SHA-256 (000b)",
            (unsigned)ak.scheme, (unsigned)ak.hash);
    TRY(check_strength(&ak_kind, &ak, err));
    *ret = ak;
    return OK;
}

/* ---- evidence ----------------------------------------------------------------------------------
 */

static enum result check_attest(const struct tpm_evidence *evidence, const struct tpm_public *key,
                                struct err *err)
{
    struct tpm_certified certified;
    struct tpm_name name;
    const char *why = NULL;

    if (!tpm_read_certified(evidence->attest, &certified, &why))
        return err_set(err, E_TPM, "what the TPM attests: %s", why);
    if (!bytes_equal(certified.extra, evidence->nonce))
        return err_set(err, E_TPM,
                       "what the TPM attests is not of now: its extraData of %zu octets is not the "
                       "nonce of this challenge",
                       certified.extra.n);
    TRY(credential_name(key, &name, err));
    if (!bytes_equal(certified.name, tpm_name_bytes(&name)))
        return err_set(err, E_TPM,
                       "the TPM attests another key: the Name in it is not the one of the device's "
                       "key that was sent");
    return OK;
}

static enum result check_signature(const struct tpm_evidence *evidence, struct err *err)
{
    const struct tpm_public *ak = evidence->ak;
    uint8_t spki_memory[SPKI_MAX], memory[TPM_SIGNATURE_MAX];
    struct buf octets = buf_over(memory, sizeof memory);
    struct tpm_signature signature;
    struct x509_key fields;
    const char *why = NULL;

    if (!tpm_read_signature(evidence->signature, &signature, &why))
        return err_set(err, E_TPM, "the attestation's signature: %s", why);
    if (signature.scheme != ak->scheme || signature.hash != ak->hash)
        return err_set(err, E_TPM,
                       "the attestation is signed by %04x with hash %04x, wanted is what its key "
                       "signs by: %04x with %04x",
                       (unsigned)signature.scheme, (unsigned)signature.hash, (unsigned)ak->scheme,
                       (unsigned)ak->hash);
    tpm_write_signature(&octets, &signature);
    TRY(as_x509(&ak_kind, ak, spki_memory, &fields, err));
    enum result result = verify_signature(
        &fields, ak->scheme == TPM_ECDSA ? X509_SIG_ECDSA_SHA256 : X509_SIG_RSA_SHA256,
        evidence->attest, buf_bytes(&octets), err);
    if (result != OK)
        err_prefix(err, "the attestation by the attestation key");
    return result;
}

enum result tpm_check_evidence(const struct tpm_evidence *evidence, struct tpm_public *ret,
                               struct err *err)
{
    struct tpm_public key;

    if (evidence->nonce.n != TPM_NONCE_N)
        return err_set(err, E_BUG, "a nonce of %zu octets", evidence->nonce.n);
    TRY(read_area(&device_kind, evidence->key, &key, err));
    if (!is_of_spki(&key, evidence->spki))
        return err_set(err, E_TPM,
                       "the request is for another key than the TPM's, wanted is the device's key "
                       "that was sent");
    TRY(check_attest(evidence, &key, err));
    TRY(check_signature(evidence, err));
    *ret = key;
    return OK;
}
