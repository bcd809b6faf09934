/* What a TPM has to say: real octets of swtpm, and every field forged once, signed by a key that
 * may sign, so that nothing but the rule refuses it. */
#include "fixture.h"
#include "tpm_fixture.h"

#include <crypto/credential.h>
#include <crypto/key.h>
#include <crypto/start.h>
#include <pki/tpm.h>

#define NONCE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ATTRIBUTES_AT 6 /* of a TPM2B_PUBLIC */
#define AK_ATTRIBUTES                                                                              \
    (TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN | TPM_USER_WITH_AUTH |           \
     TPM_RESTRICTED | TPM_SIGN)

static void assert_refused(enum result result, const struct err *err, const char *part)
{
    assert_int_equal(result, R_INVALID);
    assert_int_equal(err->code, E_TPM);
    assert_why(err->text, part);
}

/* ---- endorsement and attestation keys ----------------------------------------------------------
 */

static enum result check_ek(struct bytes octets, const char *spki, struct err *err)
{
    struct tpm_public ek;
    return tpm_check_ek(octets, from_hex(spki), &ek, err);
}

static enum result check_ak(struct bytes octets, struct err *err)
{
    struct tpm_public ak;
    return tpm_check_ak(octets, &ak, err);
}

/* With these attributes the other way round. */
static struct bytes flipped(const char *hex, uint32_t attributes)
{
    struct bytes octets = from_hex(hex);
    for (size_t i = 0; i < 4; i++)
        ((uint8_t *)(uintptr_t)octets.p)[ATTRIBUTES_AT + i] ^=
            (uint8_t)(attributes >> (24 - 8 * i));
    return octets;
}

static void an_endorsement_key_without_its_attributes_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t attribute;
        const char *part;
    } rows[] = {{TPM_FIXED_TPM, "fixedTPM"},
                {TPM_FIXED_PARENT, "fixedParent"},
                {TPM_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin"},
                {TPM_RESTRICTED, "restricted"},
                {TPM_DECRYPT, "does not decrypt"},
                {TPM_SIGN, "sign is set"}};
    struct err err;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct bytes octets = flipped(TPM_EK_RSA, rows[i].attribute);
        assert_refused(check_ek(octets, TPM_EK_RSA_SPKI, &err), &err, rows[i].part);
        assert_why(err.text, "endorsement key");
    }
}

static void an_endorsement_key_that_is_not_its_certificates_is_refused(void **state)
{
    (void)state;
    struct err err;
    assert_refused(check_ek(from_hex(TPM_EK_RSA), TPM_EK_P384_SPKI, &err), &err,
                   "not the one in its certificate");
    assert_refused(check_ek(from_hex(TPM_EK_P256), TPM_EK_P384_SPKI, &err), &err,
                   "not the one in its certificate");
    assert_refused(check_ek(from_hex("0001"), TPM_EK_P384_SPKI, &err), &err, "public area");
}

static void an_endorsement_key_that_seals_nothing_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct bytes octets = flipped(TPM_KEY_P256, TPM_RESTRICTED | TPM_DECRYPT | TPM_SIGN);
    assert_refused(check_ek(octets, TPM_EK_RSA_SPKI, &err), &err, "AES in CFB mode");
}

static void a_certified_endorsement_key_is_taken(void **state)
{
    (void)state;
    assert_int_equal(check_ek(from_hex(TPM_EK_RSA), TPM_EK_RSA_SPKI, NULL), OK);
    assert_int_equal(check_ek(from_hex(TPM_EK_P384), TPM_EK_P384_SPKI, NULL), OK);
}

static void an_attestation_key_without_its_attributes_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t attribute;
        const char *part;
    } rows[] = {{TPM_FIXED_TPM, "fixedTPM"},
                {TPM_FIXED_PARENT, "fixedParent"},
                {TPM_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin"},
                {TPM_RESTRICTED, "restricted"},
                {TPM_SIGN, "does not sign"},
                {TPM_DECRYPT, "decrypt is set"}};
    struct err err;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct bytes octets = flipped(TPM_AK_ECDSA, rows[i].attribute);
        assert_refused(check_ak(octets, &err), &err, rows[i].part);
        assert_why(err.text, "attestation key");
    }
}

static void an_attestation_key_of_other_algorithms_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct bytes octets = from_hex(TPM_AK_ECDSA);
    uint8_t *p = (uint8_t *)(uintptr_t)octets.p;
    p[5] = TPM_SHA384;
    assert_refused(check_ak(octets, &err), &err, "nameAlg is 000c");
    p[5] = TPM_SHA256;
    p[17] = TPM_SHA384;
    assert_refused(check_ak(octets, &err), &err, "with hash 000c");
    p[17] = TPM_SHA256;
    p[15] = TPM_ECDH;
    assert_refused(check_ak(octets, &err), &err, "signs by 0019");
    octets = flipped(TPM_KEY_P256, TPM_RESTRICTED);
    assert_refused(check_ak(octets, &err), &err, "signs by 0010");
}

static void an_attestation_key_off_its_curve_is_too_weak(void **state)
{
    (void)state;
    struct err err;
    struct bytes octets = from_hex(TPM_AK_ECDSA);
    ((uint8_t *)(uintptr_t)octets.p)[octets.n - 1] ^= 1;
    assert_int_equal(check_ak(octets, &err), R_REFUSED);
    assert_int_equal(err.code, E_KEY_WEAK);
    assert_why(err.text, "attestation key: ");
}

/* ---- evidence of a real TPM ---------------------------------------------------------------------
 */

struct sent {
    struct tpm_public ak;
    struct tpm_evidence evidence;
    uint8_t spki[600];
};

static void set_sent(struct sent *sent, const char *ak, const char *key)
{
    struct tpm_public public;
    const char *why = NULL;
    struct buf spki = buf_over(sent->spki, sizeof sent->spki);
    assert_int_equal(tpm_check_ak(from_hex(ak), &sent->ak, NULL), OK);
    sent->evidence.ak = &sent->ak;
    sent->evidence.key = from_hex(key);
    sent->evidence.nonce = from_hex(NONCE);
    assert_true(tpm_read_public(sent->evidence.key, &public, &why));
    tpm_write_spki(&spki, &public);
    sent->evidence.spki = buf_bytes(&spki);
}

static enum result judge(const struct sent *sent, struct err *err)
{
    struct tpm_public key;
    return tpm_check_evidence(&sent->evidence, &key, err);
}

static void set_real(struct sent *sent)
{
    set_sent(sent, TPM_AK_ECDSA, TPM_KEY_P256);
    sent->evidence.attest = from_hex(TPM_ATTEST_ECDSA);
    sent->evidence.signature = from_hex(TPM_SIGNATURE_ECDSA);
}

static void what_a_tpm_attests_is_taken(void **state)
{
    (void)state;
    struct sent sent;
    set_real(&sent);
    assert_int_equal(judge(&sent, NULL), OK);
    set_sent(&sent, TPM_AK_RSASSA, TPM_KEY_RSA);
    sent.evidence.attest = from_hex(TPM_ATTEST_RSASSA);
    sent.evidence.signature = from_hex(TPM_SIGNATURE_RSASSA);
    assert_int_equal(judge(&sent, NULL), OK);
}

static void every_flipped_bit_of_it_is_refused(void **state)
{
    (void)state;
    struct sent sent;
    set_real(&sent);
    struct bytes parts[] = {sent.evidence.key, sent.evidence.attest, sent.evidence.signature,
                            sent.evidence.nonce, sent.evidence.spki};
    for (size_t i = 0; i < LENGTH_OF(parts); i++)
        for (size_t bit = 0; bit < 8 * parts[i].n; bit++) {
            uint8_t *p = (uint8_t *)(uintptr_t)parts[i].p + bit / 8;
            *p ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(judge(&sent, NULL), OK);
            *p ^= (uint8_t)(1 << bit % 8);
        }
    assert_int_equal(judge(&sent, NULL), OK);
}

static void evidence_of_one_key_is_none_of_another(void **state)
{
    (void)state;
    struct sent sent;
    struct err err;
    set_sent(&sent, TPM_AK_ECDSA, TPM_KEY_RSA);
    sent.evidence.attest = from_hex(TPM_ATTEST_ECDSA);
    sent.evidence.signature = from_hex(TPM_SIGNATURE_ECDSA);
    assert_refused(judge(&sent, &err), &err, "attests another key");
    set_real(&sent);
    sent.evidence.spki = from_hex(TPM_EK_RSA_SPKI);
    assert_refused(judge(&sent, &err), &err, "another key than the TPM's");
    set_real(&sent);
    sent.evidence.signature = from_hex(TPM_SIGNATURE_RSASSA);
    assert_refused(judge(&sent, &err), &err, "signed by 0014 with hash 000b");
    set_real(&sent);
    sent.evidence.nonce.n = 31;
    assert_int_equal(judge(&sent, NULL), R_BUG);
}

/* ---- forged evidence, rightly signed ------------------------------------------------------------
 */

/* A restricted key as whoever has the private half of one could use it. */
struct forger {
    struct key *key;
    uint8_t area[128], attest[256], signature[128];
    struct sent sent;
};

static struct bytes ecc_area(struct buf *b, uint32_t attributes, enum tpm_alg scheme,
                             struct bytes point)
{
    size_t scheme_n = scheme == TPM_NULL ? 2 : 4;
    buf_put_u16be(b, (uint16_t)(2 + 2 + 4 + 2 + 2 + scheme_n + 2 + 2 + 2 * 34));
    buf_put_u16be(b, TPM_ECC);
    buf_put_u16be(b, TPM_SHA256);
    buf_put_u32be(b, attributes);
    buf_put_u16be(b, 0);
    buf_put_u16be(b, TPM_NULL);
    buf_put_u16be(b, (uint16_t)scheme);
    if (scheme != TPM_NULL)
        buf_put_u16be(b, TPM_SHA256);
    buf_put_u16be(b, TPM_P256);
    buf_put_u16be(b, TPM_NULL);
    buf_put_u16be(b, 32);
    buf_put_bytes(b, bytes_slice(point, 1, 32));
    buf_put_u16be(b, 32);
    buf_put_bytes(b, bytes_slice(point, 33, 32));
    assert_true(buf_ok(b));
    return buf_bytes(b);
}

/* Signs what stands in forger->attest as a TPM does. */
static void sign(struct forger *forger, struct key *key)
{
    struct key_signature der;
    uint8_t raw[64];
    struct buf b = buf_over(forger->signature, sizeof forger->signature);
    assert_int_equal(key_sign(key, forger->sent.evidence.attest, &der, NULL), OK);
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, raw));
    buf_put_u16be(&b, TPM_ECDSA);
    buf_put_u16be(&b, TPM_SHA256);
    for (size_t i = 0; i < 2; i++) {
        buf_put_u16be(&b, 32);
        buf_put_bytes(&b, bytes_of(raw + 32 * i, 32));
    }
    forger->sent.evidence.signature = buf_bytes(&b);
}

/* Evidence for a device's key with these attributes that is right in all else. */
static void forge(struct forger *forger, uint32_t attributes)
{
    uint8_t ak_memory[128];
    struct buf ak = buf_over(ak_memory, sizeof ak_memory);
    struct buf attest = buf_over(forger->attest, sizeof forger->attest);
    struct tpm_public device;
    struct tpm_name name;
    const char *why = NULL;
    set_real(&forger->sent);
    struct bytes ak_octets = ecc_area(&ak, AK_ATTRIBUTES, TPM_ECDSA, key_point(forger->key));
    memcpy(forger->area, ak_octets.p, ak_octets.n);
    assert_int_equal(tpm_check_ak(bytes_of(forger->area, ak_octets.n), &forger->sent.ak, NULL), OK);
    forger->sent.evidence.key = flipped(TPM_KEY_P256, attributes);
    assert_true(tpm_read_public(forger->sent.evidence.key, &device, &why));
    assert_int_equal(credential_name(&device, &name, NULL), OK);
    buf_put_bytes(&attest, from_hex(TPM_ATTEST_ECDSA));
    memcpy(forger->attest + 103, name.p, name.n);
    forger->sent.evidence.attest = buf_bytes(&attest);
    sign(forger, forger->key);
}

static void a_device_key_without_its_attributes_is_refused(void **state)
{
    static const struct {
        uint32_t attribute;
        const char *part;
    } rows[] = {{TPM_FIXED_TPM, "fixedTPM"},
                {TPM_FIXED_PARENT, "fixedParent"},
                {TPM_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin"},
                {TPM_SIGN, "does not sign"},
                {TPM_RESTRICTED, "restricted is set"}};
    struct forger *forger = *state;
    struct err err;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        forge(forger, rows[i].attribute);
        assert_refused(judge(&forger->sent, &err), &err, rows[i].part);
        assert_why(err.text, "device's key");
    }
    forge(forger, TPM_NO_DA);
    assert_int_equal(judge(&forger->sent, NULL), OK);
}

static void each_field_that_was_forged_is_refused_by_its_rule(void **state)
{
    static const struct {
        size_t at;
        const char *part;
    } rows[] = {{0, "no TPM wrote this"},
                {5, "something else than a key"},
                {44, "not the nonce of this challenge"},
                {43, "what the TPM attests"},
                {136, "attests another key"}};
    struct forger *forger = *state;
    struct err err;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        forge(forger, 0);
        assert_int_equal(judge(&forger->sent, NULL), OK);
        forger->attest[rows[i].at] ^= 1;
        sign(forger, forger->key);
        assert_refused(judge(&forger->sent, &err), &err, rows[i].part);
    }
}

static void another_key_s_signature_is_refused(void **state)
{
    struct forger *forger = *state;
    struct key *other = NULL;
    struct err err;
    forge(forger, 0);
    assert_int_equal(key_generate(KEY_P256, &other, NULL), OK);
    sign(forger, other);
    key_free(other);
    assert_int_not_equal(judge(&forger->sent, &err), OK);
    assert_int_equal(err.code, E_SIGNATURE);
    assert_why(err.text, "the attestation by the attestation key: ");
}

static int start(void **state)
{
    static struct forger forger;
    *state = &forger;
    return crypto_start(NULL) != OK || key_generate(KEY_P256, &forger.key, NULL) != OK;
}

static int stop(void **state)
{
    key_free(((struct forger *)*state)->key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endorsement_key_without_its_attributes_is_refused),
        cmocka_unit_test(an_endorsement_key_that_is_not_its_certificates_is_refused),
        cmocka_unit_test(an_endorsement_key_that_seals_nothing_is_refused),
        cmocka_unit_test(a_certified_endorsement_key_is_taken),
        cmocka_unit_test(an_attestation_key_without_its_attributes_is_refused),
        cmocka_unit_test(an_attestation_key_of_other_algorithms_is_refused),
        cmocka_unit_test(an_attestation_key_off_its_curve_is_too_weak),
        cmocka_unit_test(what_a_tpm_attests_is_taken),
        cmocka_unit_test(every_flipped_bit_of_it_is_refused),
        cmocka_unit_test(evidence_of_one_key_is_none_of_another),
        cmocka_unit_test(a_device_key_without_its_attributes_is_refused),
        cmocka_unit_test(each_field_that_was_forged_is_refused_by_its_rule),
        cmocka_unit_test(another_key_s_signature_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
