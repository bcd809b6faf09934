#include "site.h"

#include <pki/lint.h>

#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FAR "20361231235959Z"
#define TO "20261218110639Z"

/* One thing wrong in a certificate that the twin makes, and the rule that must name it. */
struct fault {
    const char *rule;
    enum pki_profile profile;
    const char *from, *to;
    const uint8_t *serial;
    bool is_foreign; /* by another issuer */
    const char *subject[9];
    struct twin_extension extensions[12];
};

#define AKI                                                                                        \
    {                                                                                              \
        NID_authority_key_identifier, "keyid"                                                      \
    }
#define KU                                                                                         \
    {                                                                                              \
        NID_key_usage, "critical,digitalSignature"                                                 \
    }
#define EKU                                                                                        \
    {                                                                                              \
        NID_ext_key_usage, "clientAuth"                                                            \
    }
#define CRLDP                                                                                      \
    {                                                                                              \
        NID_crl_distribution_points, "URI:http://x/crl/3-27-0.crl"                                 \
    }
#define AIA                                                                                        \
    {                                                                                              \
        NID_info_access, "OCSP;URI:http://x/ocsp,caIssuers;URI:http://x/ca/3.cer"                  \
    }
#define DEVICE                                                                                     \
    {                                                                                              \
        "OU", "sensor-2", "serialNumber", "SN-0001"                                                \
    }
#define EXTENSIONS(...)                                                                            \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const uint8_t other_class[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99, 0, 0, 0, 1};
static const uint8_t short_serial[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static const struct fault faults[] = {
    {.rule = NULL, .subject = DEVICE, .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "4.1.2.2",
     .serial = short_serial,
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "expiry class",
     .serial = other_class,
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "4.1.2.4",
     .is_foreign = true,
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "6.1.3",
     .from = "20191231235959Z",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "6.1.3",
     .to = "20370101000000Z",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "longer than the profile",
     .to = "20351218110639Z",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "4.1.2.6", .subject = {NULL}, .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "802.1AR 8.6",
     .subject = {"CN", "device"},
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA)},
    {.rule = "4.2.1.9",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA, {NID_basic_constraints, "CA:FALSE"})},
    {.rule = "4.2.1.3",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, {NID_key_usage, "digitalSignature"}, EKU, CRLDP, AIA)},
    {.rule = "4.2.1.3",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, {NID_key_usage, "critical,digitalSignature,keyAgreement"}, EKU,
                              CRLDP, AIA)},
    {.rule = "4.2.1.3", .subject = DEVICE, .extensions = EXTENSIONS(AKI, EKU, CRLDP, AIA)},
    {.rule = "4.2.1.12",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, {NID_ext_key_usage, "clientAuth,serverAuth"}, CRLDP, AIA)},
    {.rule = "4.2.1.12", .subject = DEVICE, .extensions = EXTENSIONS(AKI, KU, CRLDP, AIA)},
    {.rule = "4.2.1.1", .subject = DEVICE, .extensions = EXTENSIONS(KU, EKU, CRLDP, AIA)},
    {.rule = "no subjectKeyIdentifier",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA, {NID_subject_key_identifier, "hash"})},
    {.rule = "4.2.1.13", .subject = DEVICE, .extensions = EXTENSIONS(AKI, KU, EKU, AIA)},
    {.rule = "4.2.2.1", .subject = DEVICE, .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP)},
    {.rule = "critical",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, {NID_ext_key_usage, "critical,clientAuth"}, CRLDP, AIA)},
    {.rule = "does not know",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA, {NID_netscape_comment, "hello"})},
    {.rule = "7093",
     .profile = PKI_OPERATOR,
     .subject = {"CN", "op"},
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA, {NID_subject_key_identifier, "hash"})},
    {.rule = "owner",
     .profile = PKI_IDEVID,
     .subject = {"O", "Harbour", "OU", "sensor-2", "serialNumber", "SN-0001"},
     .extensions = EXTENSIONS(AKI, KU, CRLDP, AIA)},
    {.rule = "6960 3.1",
     .subject = DEVICE,
     .extensions =
         EXTENSIONS(AKI, KU, EKU, CRLDP, {NID_info_access, "caIssuers;URI:http://x/ca/3.cer"})},
    {.rule = "6960 4.2.2.2.1",
     .subject = DEVICE,
     .extensions = EXTENSIONS(AKI, KU, EKU, CRLDP, AIA, {NID_id_pkix_OCSP_noCheck, "NULL"})},
};

static void expect_fault(const struct fault *fault)
{
    enum pki_profile profile = fault->profile != PKI_NONE ? fault->profile : PKI_LDEVID;
    struct site site = site_new(profile_find(profile)->issuer, FAR);
    const char *to = fault->to != NULL ? fault->to : TO;
    struct tm tm = {0};
    struct err err = {0};
    uint8_t *tbs = NULL;

    assert_non_null(strptime(to, "%Y%m%d%H%M%SZ", &tm));
    struct serial serial = site_serial(timegm(&tm), 7);
    struct twin twin = {.issuer = site.issuer,
                        .issuer_key = site.issuer_key,
                        .serial = fault->serial != NULL ? fault->serial : serial.p,
                        .serial_n = fault->serial == short_serial ? sizeof(short_serial) : SERIAL_N,
                        .from = fault->from != NULL ? fault->from : SITE_FROM,
                        .to = to,
                        .key = site.key};
    memcpy(twin.subject, fault->subject, sizeof(twin.subject));
    memcpy(twin.extensions, fault->extensions, sizeof(twin.extensions));
    struct pki_issuer issuer = site.pki;
    static const uint8_t other_name[] = {0x30, 0x00};
    if (fault->is_foreign)
        issuer.name = bytes_of(other_name, sizeof(other_name));

    size_t n = twin_tbs(&twin, &tbs);
    enum result result = lint_tbs(bytes_of(tbs, n), profile, &issuer, &err);
    if (fault->rule == NULL && result != OK)
        fail_msg("%s", err.text);
    if (fault->rule != NULL && (result != R_INVALID || strstr(err.text, fault->rule) == NULL))
        fail_msg("wanted \"%s\", seen \"%s\"", fault->rule, err.text);
    OPENSSL_free(tbs);
    site_free(&site);
}

static void names_the_rule_that_is_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        expect_fault(&faults[i]);
}

static void takes_what_every_grant_makes(void **state)
{
    (void)state;
    static const enum pki_issuer_kind issuers[] = {0, 2, 3, 4, 4, 4, 3};

    for (enum pki_profile id = PKI_IDEVID; id < PKI_PROFILE_COUNT; id++) {
        struct site site = site_new(issuers[id], FAR);
        struct serial serial;
        struct grant grant = site_grant(&site, id, &serial);
        uint8_t room[TBS_MAX];
        struct buf tbs = buf_over(room, sizeof(room));
        struct err err = {0};
        struct pki_site pki_site = site.pki_site;
        pki_site.names = site.names;
        pki_site.names_n = 3;
        assert_int_equal(grant_build_tbs(&grant, &site.pki, &pki_site, &tbs, &err), OK);
        if (lint_tbs(buf_bytes(&tbs), id, &site.pki, &err) != OK)
            fail_msg("profile %d: %s", (int)id, err.text);
        site_free(&site);
    }
}

static void refuses_every_truncation_and_no_profile(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_LDEVID, FAR);
    struct serial serial;
    struct grant grant = site_grant(&site, PKI_LDEVID, &serial);
    uint8_t room[TBS_MAX];
    struct buf tbs = buf_over(room, sizeof(room));

    assert_int_equal(grant_build_tbs(&grant, &site.pki, &site.pki_site, &tbs, NULL), OK);
    for (size_t n = 0; n < tbs.n; n++)
        assert_int_equal(lint_tbs(bytes_of(room, n), PKI_LDEVID, &site.pki, NULL), R_INVALID);
    assert_int_equal(lint_tbs(buf_bytes(&tbs), PKI_NONE, &site.pki, NULL), R_INVALID);
    assert_int_equal(lint_tbs(buf_bytes(&tbs), PKI_OPERATOR, &site.pki, NULL), R_INVALID);
    site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_truncation_and_no_profile),
        cmocka_unit_test(names_the_rule_that_is_broken),
        cmocka_unit_test(takes_what_every_grant_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
