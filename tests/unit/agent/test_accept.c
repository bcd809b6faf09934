/* What the agent takes as its identity, with a CA of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <agent/accept.h>
#include <base/limits.h>
#include <cmocka.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <stdio.h>
#include <string.h>
#include <wire/oid.h>
#include <wire/pkcs7.h>
#include <wire/x509_write.h>

#define NOW INT64_C(1800000000)
#define DAY 86400
#define SPACE 2048

struct authority {
    struct key *key;
    const char *name;
    uint8_t space[SPACE];
    struct bytes der;
};

static struct authority root = {.name = "root"}, issuer = {.name = "issuer"},
                        stranger = {.name = "root"};
static struct key *device, *other;
static uint8_t bag_space[2 * SPACE];
static struct bytes bag;
static struct err err;

struct wish {
    const char *subject;
    const struct key *key;
    const struct authority *by;
    int64_t from_s, until_s;
    bool is_ca;
};

static struct bytes make(const struct wish *wish, uint8_t space[SPACE])
{
    static const uint8_t serial[] = {0x11, 0x22};
    uint8_t subject[128], from[128], constraints[32], usage[16], tbs[1024];
    struct buf s = buf_over(subject, sizeof subject), f = buf_over(from, sizeof from);
    struct buf c = buf_over(constraints, sizeof constraints), u = buf_over(usage, sizeof usage);
    struct buf t = buf_over(tbs, sizeof tbs), whole = buf_over(space, SPACE);
    struct x509_name_part name = {oid_common_name, bytes_of(wish->subject, strlen(wish->subject))};
    struct x509_name_part by = {oid_common_name, bytes_of(wish->by->name, strlen(wish->by->name))};
    x509_write_name(&s, &name, 1);
    x509_write_name(&f, &by, 1);
    x509_write_basic_constraints(&c, wish->is_ca, -1);
    x509_write_key_usage(&u, wish->is_ca ? X509_KU_KEY_CERT_SIGN : X509_KU_DIGITAL_SIGNATURE);
    struct x509_extension extensions[] = {
        {oid_basic_constraints, true, buf_bytes(&c)},
        {oid_key_usage, true, buf_bytes(&u)},
    };
    struct x509_tbs_fields fields = {
        .serial = bytes_of(serial, sizeof serial),
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(&f),
        .not_before_s = wish->from_s,
        .not_after_s = wish->until_s,
        .subject = buf_bytes(&s),
        .spki = key_spki(wish->key),
        .extensions = extensions,
        .extensions_n = LENGTH_OF(extensions),
    };
    x509_write_tbs(&t, &fields);
    assert_int_equal(sign_into(wish->by->key, buf_bytes(&t), &whole, &err), OK);
    assert_true(buf_ok(&whole));
    return buf_bytes(&whole);
}

static void make_authority(struct authority *a, const struct authority *by)
{
    assert_int_equal(key_generate(KEY_P256, &a->key, &err), OK);
    struct wish wish = {a->name, a->key, by, NOW - 100 * DAY, NOW + 1000 * DAY, true};
    a->der = make(&wish, a->space);
}

static int make_all(void **unused)
{
    (void)unused;
    assert_int_equal(crypto_start(&err), OK);
    make_authority(&root, &root);
    make_authority(&issuer, &root);
    make_authority(&stranger, &stranger);
    assert_int_equal(key_generate(KEY_P256, &device, &err), OK);
    assert_int_equal(key_generate(KEY_P256, &other, &err), OK);
    struct bytes certs[] = {root.der, issuer.der};
    struct buf b = buf_over(bag_space, sizeof bag_space);
    pkcs7_write_certs(&b, certs, 2);
    bag = buf_bytes(&b);
    return 0;
}

static int free_all(void **unused)
{
    (void)unused;
    key_free(root.key);
    key_free(issuer.key);
    key_free(stranger.key);
    key_free(device);
    key_free(other);
    return 0;
}

static struct acceptance terms_at(int64_t now_s)
{
    return (struct acceptance){
        .root = root.der, .cacerts = bag, .spki = key_spki(device), .now_s = now_s};
}

static enum result judge(const struct acceptance *terms, const struct wish *wish)
{
    uint8_t space[SPACE];
    CLEANUP(blob_free) struct blob pem = {0};
    err = (struct err){0};
    return accept_certificate(terms, make(wish, space), &pem, &err);
}

static struct wish good(void)
{
    return (struct wish){"SN1", device, &issuer, NOW - 60, NOW + 30 * DAY, false};
}

static void a_certificate_for_another_key_is_refused(void **unused)
{
    (void)unused;
    struct acceptance terms = terms_at(NOW);
    struct wish wish = good();
    wish.key = other;
    assert_int_equal(judge(&terms, &wish), R_INVALID);
    assert_non_null(strstr(err.text, "another key"));
}

static void a_chain_to_another_root_of_the_same_name_is_refused(void **unused)
{
    (void)unused;
    struct acceptance terms = terms_at(NOW);
    struct wish wish = good();
    wish.by = &stranger;
    assert_int_not_equal(judge(&terms, &wish), OK);
    terms.root = stranger.der;
    wish = good();
    assert_int_not_equal(judge(&terms, &wish), OK);
}

static void without_the_issuer_there_is_no_chain(void **unused)
{
    (void)unused;
    uint8_t space[SPACE];
    struct buf b = buf_over(space, sizeof space);
    pkcs7_write_certs(&b, &root.der, 1);
    struct acceptance terms = terms_at(NOW);
    terms.cacerts = buf_bytes(&b);
    struct wish wish = good();
    assert_int_not_equal(judge(&terms, &wish), OK);
    terms.cacerts = bytes_text("no bag");
    assert_int_not_equal(judge(&terms, &wish), OK);
}

static void what_begins_before_the_one_held_is_an_old_one(void **unused)
{
    (void)unused;
    struct acceptance terms = terms_at(NOW);
    struct wish wish = good();
    terms.floor_s = wish.from_s + 1;
    assert_int_equal(judge(&terms, &wish), R_INVALID);
    assert_non_null(strstr(err.text, "old one"));
    terms.floor_s = wish.from_s;
    assert_int_equal(judge(&terms, &wish), OK);
}

static void what_is_older_than_the_program_is_refused_whatever_the_clock_says(void **unused)
{
    (void)unused;
    struct wish wish = good();
    wish.from_s = NOW - 40 * DAY;
    struct acceptance terms = terms_at(NOW - 20 * DAY);
    terms.build_s = NOW;
    assert_int_equal(judge(&terms, &wish), R_INVALID);
    assert_non_null(strstr(err.text, "built"));
}

static void an_expired_certificate_is_refused_with_a_clock_that_fell_back(void **unused)
{
    (void)unused;
    struct wish wish = good();
    wish.until_s = NOW + DAY;
    struct acceptance terms = terms_at(0);
    terms.build_s = NOW + DAY / 2;
    assert_int_equal(judge(&terms, &wish), OK);
    wish.until_s = NOW + DAY / 4;
    assert_int_not_equal(judge(&terms, &wish), OK);
}

static void five_minutes_behind_the_issuer_are_forgiven_and_no_more(void **unused)
{
    (void)unused;
    struct wish wish = good();
    struct acceptance terms = terms_at(wish.from_s - 300);
    assert_int_equal(judge(&terms, &wish), OK);
    terms.now_s--;
    assert_int_not_equal(judge(&terms, &wish), OK);
}

static void what_is_kept_is_the_leaf_and_its_issuers_without_the_root(void **unused)
{
    (void)unused;
    uint8_t space[SPACE];
    struct wish wish = good();
    struct acceptance terms = terms_at(NOW);
    struct bytes leaf = make(&wish, space);
    CLEANUP(blob_free) struct blob pem = {0};
    assert_int_equal(accept_certificate(&terms, leaf, &pem, &err), OK);
    struct blob certs[4] = {0};
    size_t n = 0;
    assert_int_equal(pem_read_all(blob_bytes(&pem), PEM_CERTIFICATE, 4, certs, &n, &err), OK);
    assert_int_equal(n, 2);
    assert_true(bytes_equal(blob_bytes(&certs[0]), leaf));
    assert_true(bytes_equal(blob_bytes(&certs[1]), issuer.der));
    blob_free(&certs[0]);
    blob_free(&certs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_for_another_key_is_refused),
        cmocka_unit_test(a_chain_to_another_root_of_the_same_name_is_refused),
        cmocka_unit_test(without_the_issuer_there_is_no_chain),
        cmocka_unit_test(what_begins_before_the_one_held_is_an_old_one),
        cmocka_unit_test(what_is_older_than_the_program_is_refused_whatever_the_clock_says),
        cmocka_unit_test(an_expired_certificate_is_refused_with_a_clock_that_fell_back),
        cmocka_unit_test(five_minutes_behind_the_issuer_are_forgiven_and_no_more),
        cmocka_unit_test(what_is_kept_is_the_leaf_and_its_issuers_without_the_root),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
