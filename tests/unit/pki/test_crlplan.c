#include "site.h"

#include <crypto/csr.h>
#include <pki/authority.h>
#include <pki/crlplan.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAR "20361231235959Z"

static void a_serial_names_its_shard(void **state)
{
    (void)state;
    static const struct {
        uint32_t number, part;
    } rows[] = {{0, 0}, {65535, 0}, {65536, 1}, {131071, 1}, {UINT32_MAX, 65535}};

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct serial serial = site_serial(SITE_NOW_S, rows[i].number);
        struct crl_shard shard;
        assert_true(crl_shard_of(3, bytes_of(serial.p, SERIAL_N), &shard));
        assert_int_equal(shard.issuer, 3);
        assert_int_equal(shard.expiry_class, serial_class(SITE_NOW_S));
        assert_int_equal(shard.part, rows[i].part);
    }
    struct crl_shard shard;
    assert_false(crl_shard_of(3, bytes_text("short"), &shard));
}

static void names_are_issuer_class_and_part(void **state)
{
    (void)state;
    uint8_t room[64];
    struct buf b = buf_over(room, sizeof(room));

    assert_string_equal(crl_file_name((struct crl_shard){3, 27, 65535}).text, "3-27-65535.crl");
    assert_string_equal(crl_file_name((struct crl_shard){UINT32_MAX, 255, UINT32_MAX}).text,
                        "4294967295-255-4294967295.crl");
    crl_url(&b, bytes_text("http://x"), (struct crl_shard){2, 0, 10});
    assert_true(bytes_equal(buf_bytes(&b), bytes_text("http://x/crl/2-0-10.crl")));
    b = buf_over(room, sizeof(room));
    ca_url(&b, bytes_text("http://x"), 4);
    assert_true(bytes_equal(buf_bytes(&b), bytes_text("http://x/ca/4.cer")));
}

static void is_due_a_second_after_a_change_and_before_half_its_window(void **state)
{
    (void)state;
    int64_t then_s = 1000000;

    assert_int_equal(crl_due_s(0, 0), 0);
    assert_int_equal(crl_due_s(55, 0), 0);
    assert_int_equal(crl_due_s(0, then_s), then_s + CRL_DELTA_REFRESH_S);
    assert_int_equal(crl_due_s(then_s + 7, then_s), then_s + 7 + CRL_COALESCE_S);
    assert_int_equal(crl_due_s(then_s + CRL_DELTA_REFRESH_S, then_s), then_s + CRL_DELTA_REFRESH_S);
    assert_true(CRL_REFRESH_S * 2 <= CRL_WINDOW_S && CRL_DELTA_REFRESH_S * 2 <= CRL_DELTA_WINDOW_S);
}

/* ---- built, signed, and read by OpenSSL ------------------------------------------------------ */

struct walk {
    uint32_t next, n;
    struct serial serial;
};

static bool next_entry(void *context, struct x509_crl_entry *ret)
{
    struct walk *walk = context;

    if (walk->next == walk->n)
        return false;
    walk->serial = site_serial(SITE_NOW_S, walk->next++);
    *ret = (struct x509_crl_entry){.serial = bytes_of(walk->serial.p, SERIAL_N),
                                   .revoked_s = SITE_NOW_S - 60,
                                   .reason = X509_REASON_SUPERSEDED};
    return true;
}

/* As the issuer's own certificate says how its key signs. */
static void put_algorithm(struct buf *to, const struct site *site)
{
    uint8_t *der = NULL;
    int n = i2d_X509_ALGOR(X509_get0_tbs_sigalg(site->issuer), &der);

    assert_true(n > 0);
    buf_put_bytes(to, bytes_of(der, (size_t)n));
    OPENSSL_free(der);
}

static X509_CRL *sign_for_openssl(const struct site *site, struct bytes tbs)
{
    /* The signature comes from OpenSSL, so that only the list is ours. */
    size_t max = tbs.n + 1024;
    uint8_t *room = malloc(max), signature[512];
    struct buf whole = buf_over(room, max);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = sizeof(signature);
    assert_int_equal(
        EVP_DigestSignInit(ctx, NULL, twin_digest(site->issuer_key), NULL, site->issuer_key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &n, tbs.p, tbs.n), 1);
    size_t mark = der_begin(&whole, DER_SEQUENCE);
    buf_put_bytes(&whole, tbs);
    put_algorithm(&whole, site);
    der_write_bits(&whole, bytes_of(signature, n));
    der_end(&whole, mark);
    const uint8_t *at = room;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)whole.n);
    assert_non_null(crl);
    assert_true(at == room + whole.n);
    assert_int_equal(X509_CRL_verify(crl, site->issuer_key), 1); /* both algorithms are one */
    EVP_MD_CTX_free(ctx);
    free(room);
    return crl;
}

static X509_CRL *build_crl(const struct site *site, uint32_t n)
{
    size_t max = 1000 + 64 * (size_t)n;
    uint8_t *room = malloc(max);
    struct buf tbs = buf_over(room, max);
    struct walk walk = {.n = n};
    struct crl_plan plan = {.shard = {site->pki.id, serial_class(SITE_NOW_S), 0},
                            .number = 42,
                            .this_update_s = SITE_NOW_S};
    struct crl_source source = {next_entry, &walk};

    assert_int_equal(crl_build_tbs(&plan, &site->pki, bytes_text(SITE_URL), &source, &tbs, NULL),
                     OK);
    X509_CRL *crl = sign_for_openssl(site, buf_bytes(&tbs));
    free(room);
    return crl;
}

static void openssl_finds_the_revoked_and_only_them(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_LDEVID, FAR);
    X509_CRL *crl = build_crl(&site, 1000);
    X509_REVOKED *revoked;

    for (uint32_t number = 0; number < 1002; number++) {
        struct serial serial = site_serial(SITE_NOW_S, number);
        BIGNUM *bn = BN_bin2bn(serial.p, SERIAL_N, NULL);
        ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(bn, NULL);
        assert_int_equal(X509_CRL_get0_by_serial(crl, &revoked, integer), number < 1000);
        ASN1_INTEGER_free(integer);
        BN_free(bn);
    }
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(number), 42);
    ASN1_INTEGER_free(number);
    int is_critical = 0;
    ISSUING_DIST_POINT *idp =
        X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &is_critical, NULL);
    assert_non_null(idp);
    assert_int_equal(is_critical, 1);
    ISSUING_DIST_POINT_free(idp);
    X509_CRL_free(crl);
    site_free(&site);
}

static void an_empty_crl_has_no_list(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_LDEVID, FAR);
    X509_CRL *crl = build_crl(&site, 0);

    assert_null(X509_CRL_get_REVOKED(crl));
    X509_CRL_free(crl);
    site_free(&site);
}

static void openssl_verifies_a_crl_of_every_algorithm(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"P-384", "ED25519", "RSA"};

    for (size_t i = 0; i < LENGTH_OF(algorithms); i++) {
        struct site site = site_new_of(PKI_ISSUER_LDEVID, FAR, algorithms[i], "P-256");
        X509_CRL_free(build_crl(&site, 3));
        site_free(&site);
    }
}

static void nextupdate_does_not_outlive_the_issuer(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_LDEVID, "20261120000000Z");
    X509_CRL *crl = build_crl(&site, 0);
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(crl), &tm), 1);
    assert_int_equal(timegm(&tm), site.pki.not_after_s);
    X509_CRL_free(crl);
    site_free(&site);
}

static void refuses_a_shard_of_another_issuer_and_a_buffer_too_small(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_LDEVID, FAR);
    uint8_t room[400];
    struct buf tbs = buf_over(room, sizeof(room));
    struct walk walk = {.n = 100};
    struct crl_source source = {next_entry, &walk};
    struct crl_plan plan = {.shard = {2, 0, 0}, .number = 1, .this_update_s = SITE_NOW_S};

    assert_int_equal(crl_build_tbs(&plan, &site.pki, bytes_text(SITE_URL), &source, &tbs, NULL),
                     R_BUG);
    plan.shard.issuer = site.pki.id;
    assert_int_equal(crl_build_tbs(&plan, &site.pki, bytes_text(SITE_URL), &source, &tbs, NULL),
                     R_LIMIT);
    site_free(&site);
}

/* ---- the root's series ----------------------------------------------------------------------- */

static void there_is_a_root_crl_at_every_instant_of_ten_years(void **state)
{
    (void)state;
    int64_t first_s = SITE_NOW_S;

    assert_int_equal(root_crl_number(first_s, first_s - 1), 0);
    assert_int_equal(root_crl_number(first_s, first_s), 1);
    for (int64_t at_s = first_s; at_s < first_s + ISSUER_VALIDITY_S; at_s += 86400) {
        uint64_t number = root_crl_number(first_s, at_s);
        int64_t begins_s = first_s + (int64_t)(number - 1) * ROOT_CRL_STEP_S;
        assert_true(number >= 1 && number <= ROOT_CRL_COUNT);
        assert_true(begins_s <= at_s && at_s < begins_s + ROOT_CRL_STEP_S + ROOT_CRL_OVERLAP_S);
    }
    assert_int_equal(root_crl_number(first_s, first_s + ROOT_CRL_COUNT * ROOT_CRL_STEP_S), 0);
}

static void a_root_crl_is_one_for_openssl(void **state)
{
    (void)state;
    struct site site = site_new(PKI_ISSUER_ROOT, FAR);
    uint8_t room[512];
    struct buf tbs = buf_over(room, sizeof(room));

    assert_int_equal(root_crl_build_tbs(&site.pki, SITE_NOW_S, 0, &tbs, NULL), R_BUG);
    assert_int_equal(root_crl_build_tbs(&site.pki, SITE_NOW_S, ROOT_CRL_COUNT + 1, &tbs, NULL),
                     R_BUG);
    assert_int_equal(root_crl_build_tbs(&site.pki, SITE_NOW_S, 2, &tbs, NULL), OK);
    X509_CRL *crl = sign_for_openssl(&site, buf_bytes(&tbs));
    assert_null(X509_CRL_get_REVOKED(crl));
    X509_CRL_free(crl);
    site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_shard_of_another_issuer_and_a_buffer_too_small),
        cmocka_unit_test(a_serial_names_its_shard),
        cmocka_unit_test(names_are_issuer_class_and_part),
        cmocka_unit_test(is_due_a_second_after_a_change_and_before_half_its_window),
        cmocka_unit_test(an_empty_crl_has_no_list),
        cmocka_unit_test(nextupdate_does_not_outlive_the_issuer),
        cmocka_unit_test(openssl_finds_the_revoked_and_only_them),
        cmocka_unit_test(openssl_verifies_a_crl_of_every_algorithm),
        cmocka_unit_test(there_is_a_root_crl_at_every_instant_of_ten_years),
        cmocka_unit_test(a_root_crl_is_one_for_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
