#include "site.h"

#include <pki/authority.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FAR "20361231235959Z"
#define DAY_S INT64_C(86400)

static const uint8_t serial[AUTHORITY_SERIAL_N] = {0x11, 2, 3};

/* ---- building -------------------------------------------------------------------------------- */

static struct authority authority_of(const struct site *site, enum pki_issuer_kind kind)
{
    return (struct authority){.kind = kind,
                              .common_name = bytes_text("Troth Issuer"),
                              .serial = bytes_of(serial, sizeof(serial)),
                              .spki = bytes_of(site->spki, site->spki_n),
                              .not_before_s = SITE_NOW_S,
                              .not_after_s = SITE_NOW_S + 365 * DAY_S};
}

static enum result build(const struct authority *authority, const struct pki_issuer *parent)
{
    uint8_t room[1024];
    struct buf tbs = buf_over(room, sizeof(room));

    return authority_build_tbs(authority, parent, bytes_text(SITE_URL), &tbs, NULL);
}

static void expect_twin(const char *root_key, const char *key)
{
    struct site root = site_new_of(PKI_ISSUER_ROOT, FAR, root_key, key);
    struct authority authority = authority_of(&root, PKI_ISSUER_LDEVID);
    struct site_key_id ski = site_key_id(&root);
    uint8_t room[2048], *wanted = NULL;
    struct buf tbs = buf_over(room, sizeof(room));
    struct twin twin = {
        .issuer = root.issuer,
        .issuer_key = root.issuer_key,
        .subject = {"CN", "Troth Issuer"},
        .serial = serial,
        .serial_n = sizeof(serial),
        .from = SITE_FROM,
        .to = "20271118110640Z",
        .key = root.key,
        .extensions = {{NID_authority_key_identifier, "keyid"},
                       {NID_subject_key_identifier, ski.text},
                       {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_crl_distribution_points, "URI:" SITE_URL "/crl/1-0-0.crl"},
                       {NID_info_access, "caIssuers;URI:" SITE_URL "/ca/1.cer"}}};

    size_t n = twin_tbs(&twin, &wanted);
    assert_int_equal(authority_build_tbs(&authority, &root.pki, bytes_text(SITE_URL), &tbs, NULL),
                     OK);
    assert_int_equal(tbs.n, n);
    assert_memory_equal(tbs.p, wanted, n);
    OPENSSL_free(wanted);
    site_free(&root);
}

static void an_issuer_equals_its_twin_by_octet(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"P-256", "P-384", "ED25519", "RSA"};

    for (size_t i = 0; i < LENGTH_OF(algorithms); i++)
        for (size_t k = 0; k < LENGTH_OF(algorithms); k++)
            expect_twin(algorithms[i], algorithms[k]);
}

/* The name and key of one root, certified by another, whose number is in its addresses. */
static void a_link_of_two_roots_equals_its_twin_by_octet(void **state)
{
    (void)state;
    struct site root = site_new_of(PKI_ISSUER_ROOT, FAR, "P-256", "P-384");
    struct authority authority = authority_of(&root, PKI_ISSUER_ROOT);
    struct site_key_id ski = site_key_id(&root);
    uint8_t room[2048], name_room[64], *wanted = NULL;
    struct buf tbs = buf_over(room, sizeof(room));
    struct buf name = buf_over(name_room, sizeof(name_room));
    struct twin twin = {
        .issuer = root.issuer,
        .issuer_key = root.issuer_key,
        .subject = {"CN", "Another Root"},
        .serial = serial,
        .serial_n = sizeof(serial),
        .from = SITE_FROM,
        .to = "20271118110640Z",
        .key = root.key,
        .extensions = {{NID_authority_key_identifier, "keyid"},
                       {NID_subject_key_identifier, ski.text},
                       {NID_basic_constraints, "critical,CA:TRUE"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_crl_distribution_points, "URI:" SITE_URL "/crl/7-0-0.crl"},
                       {NID_info_access, "caIssuers;URI:" SITE_URL "/ca/7.cer"}}};

    root.pki.id = 7;
    x509_write_name(&name, &(struct x509_name_part){oid_common_name, bytes_text("Another Root")},
                    1);
    authority.common_name = (struct bytes){0};
    authority.subject = buf_bytes(&name);
    size_t n = twin_tbs(&twin, &wanted);
    assert_int_equal(authority_build_tbs(&authority, &root.pki, bytes_text(SITE_URL), &tbs, NULL),
                     OK);
    assert_int_equal(tbs.n, n);
    assert_memory_equal(tbs.p, wanted, n);
    OPENSSL_free(wanted);
    site_free(&root);
}

static void refuses_a_key_that_is_too_weak_for_a_ca(void **state)
{
    (void)state;
    struct site root = site_new(PKI_ISSUER_ROOT, FAR);
    struct authority authority = authority_of(&root, PKI_ISSUER_LDEVID);
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    uint8_t *spki = NULL;

    int n = i2d_PUBKEY(weak, &spki);
    authority.spki = bytes_of(spki, (size_t)n);
    assert_int_equal(build(&authority, &root.pki), R_REFUSED);
    OPENSSL_free(spki);
    EVP_PKEY_free(weak);
    site_free(&root);
}

static void refuses_what_is_no_authority_of_ours(void **state)
{
    (void)state;
    struct site root = site_new(PKI_ISSUER_ROOT, FAR);
    struct authority good = authority_of(&root, PKI_ISSUER_IDEVID), bad = good;

    assert_int_equal(build(&good, &root.pki), OK);
    assert_int_equal(build(&good, NULL), R_REFUSED); /* an issuer without a root */
    bad.kind = PKI_ISSUER_ROOT;
    assert_int_equal(build(&bad, &root.pki), OK); /* what links two roots */
    assert_int_equal(build(&bad, NULL), OK);
    struct pki_issuer issuer = root.pki;
    issuer.kind = PKI_ISSUER_LDEVID;
    assert_int_equal(build(&good, &issuer), R_REFUSED); /* an issuer below an issuer */
    assert_int_equal(build(&bad, &issuer), R_REFUSED);
    bad = good;
    bad.kind = PKI_ISSUER_NONE;
    assert_int_equal(build(&bad, &root.pki), R_REFUSED);
    bad = good;
    bad.serial = bytes_text("short");
    assert_int_equal(build(&bad, &root.pki), R_REFUSED);
    bad = good;
    bad.not_after_s = bad.not_before_s - 1;
    assert_int_equal(build(&bad, &root.pki), R_REFUSED);
    bad = good;
    bad.not_after_s = root.pki.not_after_s + 1;
    assert_int_equal(build(&bad, &root.pki), R_REFUSED);
    bad = good;
    bad.common_name = (struct bytes){0};
    assert_int_equal(build(&bad, &root.pki), R_REFUSED);
    site_free(&root);
}

/* ---- certificates that a root elsewhere made ------------------------------------------------- */

/* What differs from a good issuer, and the rule that must name it. */
static const struct {
    const char *rule;
    const char *from, *to, *name;
    bool other_key, other_signer;
    struct twin_extension extensions[6];
} rows[] = {
#define SKI                                                                                        \
    {                                                                                              \
        NID_subject_key_identifier, "hash"                                                         \
    }
#define BC                                                                                         \
    {                                                                                              \
        NID_basic_constraints, "critical,CA:TRUE,pathlen:0"                                        \
    }
#define KU                                                                                         \
    {                                                                                              \
        NID_key_usage, "critical,keyCertSign,cRLSign"                                              \
    }
    {.extensions = {SKI, BC, KU}},
    {.extensions = {SKI, {NID_basic_constraints, "critical,CA:TRUE"}, KU}},
    {.rule = "4.2.1.9", .extensions = {SKI, {NID_basic_constraints, "CA:FALSE"}, KU}},
    {.rule = "4.2.1.3", .extensions = {SKI, BC, {NID_key_usage, "critical,keyCertSign"}}},
    {.rule = "4.2.1.3", .extensions = {SKI, BC}},
    {.rule = "4.2.1.2", .extensions = {BC, KU}},
    {.rule = "4.2",
     .extensions = {SKI, BC, KU, {NID_name_constraints, "critical,permitted;DNS:x"}}},
    {.rule = "not valid now", .to = "20261117000000Z", .extensions = {SKI, BC, KU}},
    {.rule = "not valid now", .from = "20261119000000Z", .extensions = {SKI, BC, KU}},
    {.rule = "after the root", .to = "20370101000000Z", .extensions = {SKI, BC, KU}},
    {.rule = "one name", .name = "Issuer", .extensions = {SKI, BC, KU}},
    {.rule = "key that we hold", .other_key = true, .extensions = {SKI, BC, KU}},
    {.rule = "verify", .other_signer = true, .extensions = {SKI, BC, KU}},
};

static void judge_row(size_t i)
{
    struct site root = site_new(PKI_ISSUER_ROOT, FAR), other = site_new(PKI_ISSUER_ROOT, FAR);
    struct twin twin = {.issuer = root.issuer,
                        .issuer_key = rows[i].other_signer ? other.issuer_key : root.issuer_key,
                        .subject = {"O", "Example", "CN", rows[i].name ? rows[i].name : "Sub"},
                        .serial = serial,
                        .serial_n = sizeof(serial),
                        .from = rows[i].from != NULL ? rows[i].from : "20261101000000Z",
                        .to = rows[i].to != NULL ? rows[i].to : "20301101000000Z",
                        .key = rows[i].other_key ? other.key : root.key};
    uint8_t *der = NULL;
    struct err err = {0};
    memcpy(twin.extensions, rows[i].extensions, sizeof(rows[i].extensions));
    X509 *cert = twin_certificate(&twin);
    int n = i2d_X509(cert, &der);

    enum result result =
        authority_check(bytes_of(der, (size_t)n), bytes_of(root.issuer_der, root.issuer_n),
                        bytes_of(root.spki, root.spki_n), SITE_NOW_S, &err);
    if ((result == OK) != (rows[i].rule == NULL) ||
        (rows[i].rule != NULL && strstr(err.text, rows[i].rule) == NULL))
        fail_msg("row %zu: wanted \"%s\", seen \"%s\"", i, rows[i].rule, err.text);
    X509_free(cert);
    OPENSSL_free(der);
    site_free(&root);
    site_free(&other);
}

static void takes_good_issuers_and_names_what_is_wrong_with_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge_row(i);
}

static void an_issuer_must_be_a_ca_with_a_key_identifier(void **state)
{
    (void)state;
    struct site root = site_new(PKI_ISSUER_ROOT, FAR);
    struct bytes der = bytes_of(root.issuer_der, root.issuer_n);
    struct pki_issuer issuer;

    assert_int_equal(pki_issuer_read(0, PKI_ISSUER_LDEVID, der, &issuer, NULL), R_INVALID);
    assert_int_equal(pki_issuer_read(PKI_ISSUERS, PKI_ISSUER_LDEVID, der, &issuer, NULL),
                     R_INVALID);
    assert_int_equal(pki_issuer_read(9, PKI_ISSUER_NONE, der, &issuer, NULL), R_INVALID);
    assert_int_equal(pki_issuer_read(9, PKI_ISSUER_COUNT, der, &issuer, NULL), R_INVALID);
    assert_int_equal(pki_issuer_read(PKI_ISSUER_LDEVID, PKI_ISSUER_LDEVID,
                                     bytes_of(der.p, der.n - 1), &issuer, NULL),
                     R_INVALID);
    assert_int_equal(pki_issuer_read(9, PKI_ISSUER_LDEVID, der, &issuer, NULL), OK);
    assert_int_equal(issuer.kind, PKI_ISSUER_LDEVID);
    site_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_authority_of_ours),
        cmocka_unit_test(refuses_a_key_that_is_too_weak_for_a_ca),
        cmocka_unit_test(an_issuer_must_be_a_ca_with_a_key_identifier),
        cmocka_unit_test(takes_good_issuers_and_names_what_is_wrong_with_others),
        cmocka_unit_test(an_issuer_equals_its_twin_by_octet),
        cmocka_unit_test(a_link_of_two_roots_equals_its_twin_by_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
