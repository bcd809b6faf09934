#include "site.h"

#include <pki/grant.h>
#include <wire/der.h>

#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_S INT64_C(86400)
#define FAR "20361231235959Z"

static const enum pki_issuer_kind issuer_of[PKI_PROFILE_COUNT] = {
    [PKI_IDEVID] = PKI_ISSUER_IDEVID,         [PKI_LDEVID] = PKI_ISSUER_LDEVID,
    [PKI_TLS_SERVER] = PKI_ISSUER_OPERATIONS, [PKI_BOUNDARY] = PKI_ISSUER_OPERATIONS,
    [PKI_OPERATOR] = PKI_ISSUER_OPERATIONS,   [PKI_OCSP] = PKI_ISSUER_LDEVID,
};

struct fixture {
    struct site site;
    struct serial serial;
    struct grant grant;
    uint8_t room[TBS_MAX];
    struct buf tbs;
    struct err err;
};

static struct fixture fixture_of(enum pki_profile profile)
{
    struct fixture f = {.site = site_new(issuer_of[profile], FAR)};

    f.grant = site_grant(&f.site, profile, &f.serial);
    return f;
}

static enum result build(struct fixture *f)
{
    struct pki_site site = f->site.pki_site;

    site.names = f->site.names;
    site.names_n = 3;
    f->grant.serial = bytes_of(f->serial.p, sizeof(f->serial.p));
    f->tbs = buf_over(f->room, sizeof(f->room));
    return grant_build_tbs(&f->grant, &f->site.pki, &site, &f->tbs, &f->err);
}

/* ---- the twin -------------------------------------------------------------------------------- */

#define CRLDP(issuer) "URI:" SITE_URL "/crl/" issuer ".crl"
#define AIA(issuer) "OCSP;URI:" SITE_URL "/ocsp,caIssuers;URI:" SITE_URL "/ca/" issuer ".cer"

/* SAN with HardwareModuleName wants a configuration of OpenSSL's own. */
static X509_EXTENSION *hardware_module(void)
{
    static const uint8_t value[] = {0x30, 0x24, 0xa0, 0x22, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05,
                                    0x05, 0x07, 0x08, 0x04, 0xa0, 0x16, 0x30, 0x14, 0x06, 0x09,
                                    0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d, 0x1f, 0x01, 0x04,
                                    0x07, 'S',  'N',  '-',  '0',  '0',  '0',  '1'};
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

    ASN1_OCTET_STRING_set(octets, value, sizeof(value));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, octets);
    ASN1_OCTET_STRING_free(octets);
    return extension;
}

struct expectation {
    enum pki_profile profile;
    const char *to;
    bool has_hardware; /* SAN of a device, before the fourth extension from the end */
    const char *subject[9];
    struct twin_extension extensions[12];
};

/* The twin's certificate with the hardware SAN put in its place: CRLDP and AIA come last. */
static size_t expected_tbs(const struct fixture *f, const struct expectation *e, uint8_t **ret)
{
    struct twin twin = {.issuer = f->site.issuer,
                        .issuer_key = f->site.issuer_key,
                        .serial = f->serial.p,
                        .serial_n = sizeof(f->serial.p),
                        .from = SITE_FROM,
                        .to = e->to,
                        .key = f->site.key};
    memcpy(twin.subject, e->subject, sizeof(twin.subject));
    memcpy(twin.extensions, e->extensions, sizeof(twin.extensions));
    X509 *cert = twin_certificate(&twin);
    if (e->has_hardware) {
        X509_EXTENSION *extension = hardware_module();
        X509_add_ext(cert, extension, X509_get_ext_count(cert) - 2);
        X509_EXTENSION_free(extension);
    }
    int n = i2d_re_X509_tbs(cert, ret);
    X509_free(cert);
    assert_true(n > 0);
    return (size_t)n;
}

static void expect_twin(struct fixture *f, const struct expectation *e)
{
    struct site_key_id ski = site_key_id(&f->site);
    struct expectation own = *e;
    uint8_t *wanted = NULL;

    for (struct twin_extension *x = own.extensions; x->value != NULL; x++)
        if (x->nid == NID_subject_key_identifier && strcmp(x->value, "hash") != 0)
            x->value = ski.text;
    size_t n = expected_tbs(f, &own, &wanted);
    enum result result = build(f);
    if (result != OK)
        print_message("# %s\n", f->err.text);
    assert_int_equal(result, OK);
    assert_int_equal(f->tbs.n, n);
    assert_memory_equal(f->tbs.p, wanted, n);
    OPENSSL_free(wanted);
}

/* serial_class(2026-12-18) is 27, of 2026-11-19 also; number 0x30201 is in part 3. */
static const struct expectation expectations[] = {
    {.profile = PKI_IDEVID,
     .to = "20261218110639Z",
     .has_hardware = true,
     .subject = {"OU", "sensor-2", "serialNumber", "SN-0001"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_crl_distribution_points, CRLDP("2-27-3")},
                    {NID_info_access, AIA("2")}}},
    {.profile = PKI_LDEVID,
     .to = "20261218110639Z",
     .has_hardware = true,
     .subject = {"O", "Harbour", "OU", "sensor-2", "serialNumber", "SN-0001"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "clientAuth"},
                    {NID_crl_distribution_points, CRLDP("3-27-3")},
                    {NID_info_access, AIA("3")}}},
    {.profile = PKI_TLS_SERVER,
     .to = "20261119110639Z",
     .subject = {"CN", "pki.example.org"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_subject_key_identifier, ""},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "serverAuth,cmcRA"},
                    {NID_subject_alt_name, "DNS:pki.example.org,IP:192.0.2.7,IP:2001:db8::1"},
                    {NID_crl_distribution_points, CRLDP("4-27-3")},
                    {NID_info_access, AIA("4")}}},
    {.profile = PKI_BOUNDARY,
     .to = "20261119110639Z",
     .subject = {"CN", "pki.example.org"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_subject_key_identifier, ""},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "clientAuth"},
                    {NID_crl_distribution_points, CRLDP("4-27-3")},
                    {NID_info_access, AIA("4")}}},
    {.profile = PKI_OPERATOR,
     .to = "20261119110639Z",
     .subject = {"CN", "pki.example.org"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_subject_key_identifier, ""},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "clientAuth"},
                    {NID_crl_distribution_points, CRLDP("4-27-3")},
                    {NID_info_access, AIA("4")}}},
    {.profile = PKI_OCSP,
     .to = "20261119110639Z",
     .subject = {"CN", "pki.example.org"},
     .extensions = {{NID_authority_key_identifier, "keyid"},
                    {NID_subject_key_identifier, "hash"},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "OCSPSigning"},
                    {NID_id_pkix_OCSP_noCheck, "NULL"},
                    {NID_crl_distribution_points, CRLDP("3-27-3")},
                    {NID_info_access, "caIssuers;URI:" SITE_URL "/ca/3.cer"}}},
};

static void every_profile_equals_its_twin_by_octet(void **state)
{
    (void)state;
    bool seen[PKI_PROFILE_COUNT] = {false};

    for (size_t i = 0; i < LENGTH_OF(expectations); i++) {
        struct fixture f = fixture_of(expectations[i].profile);
        expect_twin(&f, &expectations[i]);
        seen[expectations[i].profile] = true;
        site_free(&f.site);
    }
    for (enum pki_profile id = PKI_IDEVID; id < PKI_PROFILE_COUNT; id++)
        assert_true(seen[id]);
}

static const char *const algorithms[] = {"P-256", "P-384", "ED25519", "RSA"};

/* The issuer's key decides the signature algorithm, the device's the SubjectPublicKeyInfo. */
static void every_algorithm_equals_its_twin_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(algorithms); i++)
        for (size_t k = 0; k < LENGTH_OF(algorithms); k++) {
            struct fixture f = {
                .site = site_new_of(PKI_ISSUER_LDEVID, FAR, algorithms[i], algorithms[k])};
            f.grant = site_grant(&f.site, PKI_LDEVID, &f.serial);
            expect_twin(&f, &expectations[1]);
            site_free(&f.site);
        }
}

/* With the key identifier of each kind of key; nobody's server has an RSA key. */
static void a_server_has_any_key_but_rsa(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH_OF(algorithms); k++) {
        struct fixture f = {
            .site = site_new_of(PKI_ISSUER_OPERATIONS, FAR, algorithms[k], algorithms[k])};
        f.grant = site_grant(&f.site, PKI_TLS_SERVER, &f.serial);
        if (strcmp(algorithms[k], "RSA") == 0) {
            assert_int_equal(build(&f), R_REFUSED);
            assert_non_null(strstr(f.err.text, "P-256, P-384, Ed25519"));
        } else {
            expect_twin(&f, &expectations[2]);
        }
        site_free(&f.site);
    }
}

static void a_device_without_an_owner_has_no_organization(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_LDEVID);
    struct expectation e = expectations[1];

    f.grant.owner = (struct bytes){0};
    memcpy(e.subject, expectations[0].subject, sizeof(e.subject));
    expect_twin(&f, &e);
    site_free(&f.site);
}

static void an_idevid_names_no_owner(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_IDEVID);

    f.grant.owner = bytes_text("Harbour"); /* it outlives every owner */
    assert_int_equal(build(&f), R_REFUSED);
    assert_int_equal(f.err.code, E_PROFILE);
    site_free(&f.site);
}

static void a_device_may_have_a_common_name_and_no_hardware_type(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_LDEVID);
    struct expectation e = expectations[1];

    f.grant.hw_type = (struct bytes){0};
    f.grant.common_name = bytes_text("t\xc3\xbcr_1"); /* UTF8String */
    f.grant.owner = bytes_text("H\xc3\xa4user");
    e.has_hardware = false;
    memcpy(e.subject,
           (const char *[9]){"CN", "t\xc3\xbcr_1", "O", "H\xc3\xa4user", "OU", "sensor-2",
                             "serialNumber", "SN-0001"},
           sizeof(e.subject));
    expect_twin(&f, &e);
    site_free(&f.site);
}

static void an_idevid_may_never_expire_where_its_issuer_does_not(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_IDEVID);
    struct expectation e = expectations[0];

    f.grant.not_after_s = DER_TIME_NO_EXPIRY;
    f.serial = site_serial(DER_TIME_NO_EXPIRY, 5);
    assert_int_equal(build(&f), R_REFUSED); /* the issuer ends in 2036 */
    site_free(&f.site);
    f.site = site_new(PKI_ISSUER_IDEVID, "99991231235959Z");
    f.grant.spki = bytes_of(f.site.spki, f.site.spki_n);
    e.to = "99991231235959Z";
    e.extensions[2].value = CRLDP("2-255-0");
    expect_twin(&f, &e);
    site_free(&f.site);
}

static void a_server_without_a_common_name_has_a_critical_san(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_TLS_SERVER);
    struct expectation e = expectations[2];

    f.grant.common_name = (struct bytes){0};
    memset(e.subject, 0, sizeof(e.subject));
    e.extensions[4].value = "critical,DNS:pki.example.org,IP:192.0.2.7,IP:2001:db8::1";
    expect_twin(&f, &e);
    site_free(&f.site);
}

static void the_same_grant_gives_the_same_octets(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_LDEVID);
    uint8_t first[TBS_MAX];

    assert_int_equal(build(&f), OK);
    size_t n = f.tbs.n;
    memcpy(first, f.tbs.p, n);
    assert_int_equal(build(&f), OK);
    assert_int_equal(f.tbs.n, n);
    assert_memory_equal(f.tbs.p, first, n);
    site_free(&f.site);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void no_product(struct fixture *f)
{
    f->grant.product = (struct bytes){0};
}
static void no_serial_number(struct fixture *f)
{
    f->grant.serial_number = (struct bytes){0};
}
static void serial_number_beyond_printable_string(struct fixture *f)
{
    f->grant.serial_number = bytes_text("SN_1");
}
static void hardware_type_that_is_none(struct fixture *f)
{
    f->grant.hw_type = bytes_text("1.3.");
}
static void product_too_long(struct fixture *f)
{
    f->grant.product =
        bytes_text("12345678901234567890123456789012345678901234567890123456789012345");
}
static void owner_that_is_no_text(struct fixture *f)
{
    f->grant.owner = bytes_text("\xff");
}
static void another_issuer(struct fixture *f)
{
    f->grant.issuer = PKI_ISSUER_OPERATIONS;
}
static void issuer_of_another_kind(struct fixture *f)
{
    f->grant.issuer = f->site.pki.id = f->site.pki.kind = PKI_ISSUER_OPERATIONS;
}
static void no_profile(struct fixture *f)
{
    f->grant.profile = PKI_NONE;
}
static void unknown_profile(struct fixture *f)
{
    f->grant.profile = PKI_PROFILE_COUNT;
}
static void ends_before_it_begins(struct fixture *f)
{
    f->grant.not_after_s = f->grant.not_before_s - 1;
}
static void begins_before_the_issuer(struct fixture *f)
{
    f->grant.not_before_s = f->site.pki.not_before_s - 1;
}
static void ends_after_the_issuer(struct fixture *f)
{
    f->grant.not_before_s = f->site.pki.not_after_s - DAY_S;
    f->grant.not_after_s = f->site.pki.not_after_s + 1;
    f->serial = site_serial(f->grant.not_after_s, 1);
}
static void lives_longer_than_the_profile(struct fixture *f)
{
    f->grant.not_after_s = f->grant.not_before_s + 5 * 366 * DAY_S;
    f->serial = site_serial(f->grant.not_after_s, 1);
}
static void never_expires_though_no_idevid(struct fixture *f)
{
    f->site.pki.not_after_s = DER_TIME_NO_EXPIRY;
    f->grant.not_after_s = DER_TIME_NO_EXPIRY;
    f->serial = site_serial(DER_TIME_NO_EXPIRY, 1);
}
static void class_of_another_time(struct fixture *f)
{
    f->serial.p[11]++;
}
static void negative_serial(struct fixture *f)
{
    f->serial.p[0] = 0x80;
}
static void serial_with_leading_zero(struct fixture *f)
{
    f->serial.p[0] = 0;
}
static void key_that_is_none(struct fixture *f)
{
    f->grant.spki = bytes_of(f->site.spki, f->site.spki_n - 1);
}

static const struct {
    const char *name;
    void (*spoil)(struct fixture *f);
} refusals[] = {
#define ROW(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }
    ROW(no_product),
    ROW(no_serial_number),
    ROW(serial_number_beyond_printable_string),
    ROW(hardware_type_that_is_none),
    ROW(product_too_long),
    ROW(owner_that_is_no_text),
    ROW(another_issuer),
    ROW(issuer_of_another_kind),
    ROW(no_profile),
    ROW(unknown_profile),
    ROW(ends_before_it_begins),
    ROW(begins_before_the_issuer),
    ROW(ends_after_the_issuer),
    ROW(lives_longer_than_the_profile),
    ROW(never_expires_though_no_idevid),
    ROW(class_of_another_time),
    ROW(negative_serial),
    ROW(serial_with_leading_zero),
    ROW(key_that_is_none),
#undef ROW
};

static void refuses_what_the_profile_does_not_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(refusals); i++) {
        struct fixture f = fixture_of(PKI_LDEVID);
        assert_int_equal(build(&f), OK);
        refusals[i].spoil(&f);
        if (build(&f) != R_REFUSED)
            fail_msg("%s was not refused", refusals[i].name);
        assert_int_equal(f.err.code, E_PROFILE);
        site_free(&f.site);
    }
}

static void refuses_facts_of_devices_in_other_certificates(void **state)
{
    (void)state;
    static const enum pki_profile others[] = {PKI_TLS_SERVER, PKI_BOUNDARY, PKI_OPERATOR, PKI_OCSP};

    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        struct fixture f = fixture_of(others[i]);
        f.grant.product = bytes_text("sensor-2");
        assert_int_equal(build(&f), R_REFUSED);
        f.grant.product = (struct bytes){0};
        f.grant.owner = bytes_text("Harbour");
        assert_int_equal(build(&f), R_REFUSED);
        f.grant.owner = (struct bytes){0};
        f.grant.serial_number = bytes_text("SN-0001");
        assert_int_equal(build(&f), R_REFUSED);
        f.grant.serial_number = (struct bytes){0};
        f.grant.hw_type = bytes_text("1.2.3");
        assert_int_equal(build(&f), R_REFUSED);
        f.grant.hw_type = (struct bytes){0};
        assert_int_equal(build(&f), OK);
        f.grant.common_name = (struct bytes){0};
        assert_int_equal(build(&f), others[i] == PKI_TLS_SERVER ? OK : R_REFUSED);
        site_free(&f.site);
    }
}

static void a_server_has_no_name_but_those_of_the_configuration(void **state)
{
    (void)state;
    struct fixture f = fixture_of(PKI_TLS_SERVER);

    f.grant.common_name = bytes_text("bank.example.org");
    assert_int_equal(build(&f), R_REFUSED);
    f.grant.common_name = bytes_text("192.0.2.7");
    assert_int_equal(build(&f), OK);
    site_free(&f.site);
}

static void a_responder_is_certified_by_each_issuer_but_a_root(void **state)
{
    (void)state;
    static const bool may[PKI_ISSUER_COUNT] = {
        [PKI_ISSUER_IDEVID] = true, [PKI_ISSUER_LDEVID] = true, [PKI_ISSUER_OPERATIONS] = true};
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++) {
        struct fixture f = {.site = site_new(kind, FAR)};
        f.grant = site_grant(&f.site, PKI_OCSP, &f.serial);
        assert_int_equal(build(&f), may[kind] ? OK : R_REFUSED);
        site_free(&f.site);
    }
}

static void grant_ends_no_later_than_profile_and_issuer_allow(void **state)
{
    (void)state;
    struct pki_issuer issuer = {.not_after_s = 1000 * DAY_S};
    struct pki_issuer endless = {.not_after_s = DER_TIME_NO_EXPIRY};

    assert_int_equal(grant_not_after(PKI_LDEVID, &issuer, 0, 10 * DAY_S), 10 * DAY_S - 1);
    assert_int_equal(grant_not_after(PKI_LDEVID, &issuer, 0, 0), 1000 * DAY_S);
    assert_int_equal(grant_not_after(PKI_LDEVID, &endless, 0, 0), 5 * 366 * DAY_S - 1);
    assert_int_equal(grant_not_after(PKI_LDEVID, &issuer, 999 * DAY_S, 10 * DAY_S), 1000 * DAY_S);
    assert_int_equal(grant_not_after(PKI_TLS_SERVER, &issuer, 0, 365 * DAY_S), 90 * DAY_S - 1);
    assert_int_equal(grant_not_after(PKI_IDEVID, &endless, 0, 0), DER_TIME_NO_EXPIRY);
    assert_int_equal(grant_not_after(PKI_IDEVID, &issuer, 0, 0), 1000 * DAY_S);
    assert_int_equal(grant_not_after(PKI_NONE, &issuer, 5, 0), 4);
}

static void knows_serial_numbers_and_hardware_types(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_serial, is_type;
    } rows[] = {
        {"", false, false},
        {"SN-1 (a)'+,./:=?", true, false},
        {"a_b", false, false},
        {"a\n", false, false},
        {"1.3.6.1", true, true},
        {"2.999", true, true},
        {"0.39", true, true},
        {"0.40", true, false},
        {"1.40.1", true, false},
        {"3.1", true, false},
        {"1", true, false},
        {"1.", true, false},
        {".1", true, false},
        {"1..2", true, false},
        {"1.03", true, false},
        {"1.3.0", true, true},
        {"1.3.4294967295", true, true},
        {"1.3.4294967296", true, false},
        {"1.3.x", true, false},
        {"1.3 ", true, false},
        {"01.3", true, false},
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct bytes text = bytes_of(rows[i].text, strlen(rows[i].text));
        if (is_serial_number(text) != rows[i].is_serial || is_hw_type(text) != rows[i].is_type)
            fail_msg("\"%s\"", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_the_profile_does_not_know),
        cmocka_unit_test(refuses_facts_of_devices_in_other_certificates),
        cmocka_unit_test(a_server_has_no_name_but_those_of_the_configuration),
        cmocka_unit_test(knows_serial_numbers_and_hardware_types),
        cmocka_unit_test(a_responder_is_certified_by_each_issuer_but_a_root),
        cmocka_unit_test(grant_ends_no_later_than_profile_and_issuer_allow),
        cmocka_unit_test(every_profile_equals_its_twin_by_octet),
        cmocka_unit_test(every_algorithm_equals_its_twin_by_octet),
        cmocka_unit_test(a_server_has_any_key_but_rsa),
        cmocka_unit_test(a_device_without_an_owner_has_no_organization),
        cmocka_unit_test(an_idevid_names_no_owner),
        cmocka_unit_test(a_device_may_have_a_common_name_and_no_hardware_type),
        cmocka_unit_test(an_idevid_may_never_expire_where_its_issuer_does_not),
        cmocka_unit_test(a_server_without_a_common_name_has_a_critical_san),
        cmocka_unit_test(the_same_grant_gives_the_same_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
