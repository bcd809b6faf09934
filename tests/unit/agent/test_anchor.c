/* Which root the agent goes by: the provisioned one, until another proves that it follows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <agent/anchor.h>
#include <base/file.h>
#include <cmocka.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/pkcs7.h>
#include <wire/x509_write.h>

#define NOW INT64_C(1800000000)
#define DAY 86400
#define SPACE 2048

struct root {
    const char *name;
    int64_t from_s;
    struct key *key;
    uint8_t space[SPACE], id[20];
    struct bytes der;
};

static struct root old = {"old", NOW - 900 * DAY}, new = {"new", NOW - 9 * DAY},
                   newest = {"newest", NOW - DAY}, stranger = {"stranger", NOW - DAY};
static uint8_t link_space[3][SPACE], bag_space[8 * SPACE];
static struct bytes new_with_old, old_with_new, newest_with_new;
static char folder[64], anchor_file[96], fingerprint[65];
static struct state state;
static struct agent agent;
static struct err err;

/* `of`, certified by `by`: the same for a root. */
static struct bytes certify(const struct root *of, const struct root *by, uint8_t space[SPACE])
{
    static const uint8_t serial[] = {0x11, 0x22};
    uint8_t names[2][64], values[4][64], tbs[1024];
    struct buf s = buf_over(names[0], 64), f = buf_over(names[1], 64);
    struct buf c = buf_over(values[0], 64), u = buf_over(values[1], 64);
    struct buf k = buf_over(values[2], 64), a = buf_over(values[3], 64);
    struct buf t = buf_over(tbs, sizeof tbs), whole = buf_over(space, SPACE);
    x509_write_name(
        &s, &(struct x509_name_part){oid_common_name, bytes_of(of->name, strlen(of->name))}, 1);
    x509_write_name(
        &f, &(struct x509_name_part){oid_common_name, bytes_of(by->name, strlen(by->name))}, 1);
    x509_write_basic_constraints(&c, true, -1);
    x509_write_key_usage(&u, X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN);
    x509_write_ski(&k, bytes_of(of->id, sizeof of->id));
    x509_write_aki(&a, bytes_of(by->id, sizeof by->id));
    struct x509_extension extensions[] = {
        {oid_basic_constraints, true, buf_bytes(&c)},
        {oid_key_usage, true, buf_bytes(&u)},
        {oid_subject_key_id, false, buf_bytes(&k)},
        {oid_authority_key_id, false, buf_bytes(&a)},
    };
    struct x509_tbs_fields fields = {
        .serial = bytes_of(serial, sizeof serial),
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(&f),
        .not_before_s = of->from_s,
        .not_after_s = NOW + 1000 * DAY,
        .subject = buf_bytes(&s),
        .spki = key_spki(of->key),
        .extensions = extensions,
        .extensions_n = LENGTH_OF(extensions),
    };
    x509_write_tbs(&t, &fields);
    assert_int_equal(sign_into(by->key, buf_bytes(&t), &whole, &err), OK);
    assert_true(buf_ok(&whole));
    return buf_bytes(&whole);
}

static void make_root(struct root *root)
{
    uint8_t hash[SHA256_N];
    assert_int_equal(key_generate(KEY_P256, &root->key, &err), OK);
    sha256(key_spki(root->key), hash);
    memcpy(root->id, hash, sizeof root->id);
    root->der = certify(root, root, root->space);
}

static int make_all(void **unused)
{
    (void)unused;
    uint8_t hash[SHA256_N];
    assert_int_equal(crypto_start(&err), OK);
    struct root *const roots[] = {&old, &new, &newest, &stranger};
    for (size_t i = 0; i < LENGTH_OF(roots); i++)
        make_root(roots[i]);
    new_with_old = certify(&new, &old, link_space[0]);
    old_with_new = certify(&old, &new, link_space[1]);
    newest_with_new = certify(&newest, &new, link_space[2]);
    sha256(old.der, hash);
    struct buf hex = buf_over(fingerprint, sizeof fingerprint - 1);
    hex_encode(&hex, bytes_of(hash, sizeof hash));
    return 0;
}

static int free_all(void **unused)
{
    (void)unused;
    struct root *const roots[] = {&old, &new, &newest, &stranger};
    for (size_t i = 0; i < LENGTH_OF(roots); i++)
        key_free(roots[i]->key);
    return 0;
}

/* An agent that pinned the old root from a file. */
static int pin(void **unused)
{
    (void)unused;
    CLEANUP(blob_free) struct blob pem = {0};
    snprintf(folder, sizeof folder, "/tmp/troth-anchor-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(anchor_file, sizeof anchor_file, "%s.pem", folder);
    state = (struct state){.lock_fd = -1};
    assert_int_equal(state_open(folder, &state, &err), OK);
    assert_int_equal(pem_write(old.der, PEM_CERTIFICATE, &pem, &err), OK);
    assert_int_equal(file_write(anchor_file, 0644, blob_bytes(&pem), &err), OK);
    agent = (struct agent){.anchor = anchor_file, .state = &state};
    assert_int_equal(anchor_pin(&agent, &err), OK);
    return 0;
}

static int drop(void **unused)
{
    (void)unused;
    const char *const names[] = {"root.pem", "root-was", "lock"};
    state_close(&state);
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        unlink(state_own_file(&state, names[i]).text);
    unlink(anchor_file);
    return rmdir(folder);
}

static void follow(const struct bytes *certs, size_t n)
{
    struct buf b = buf_over(bag_space, sizeof bag_space);
    pkcs7_write_certs(&b, certs, n);
    assert_true(buf_ok(&b));
    assert_int_equal(anchor_follow(&agent, buf_bytes(&b), NOW, &err), OK);
}

static void expect_pinned(const struct root *root)
{
    CLEANUP(blob_free) struct blob pinned = {0};
    assert_int_equal(anchor_read(&agent, &pinned, &err), OK);
    assert_true(bytes_equal(blob_bytes(&pinned), root->der));
}

static void a_root_without_proof_is_not_followed(void **unused)
{
    (void)unused;
    struct bytes alone[] = {old.der, new.der};
    struct bytes wrong_way[] = {old.der, new.der, old_with_new};
    struct bytes anothers[] = {old.der, stranger.der, new_with_old};
    struct bytes only_link[] = {old.der, new_with_old};
    follow(alone, LENGTH_OF(alone));
    follow(wrong_way, LENGTH_OF(wrong_way));
    follow(anothers, LENGTH_OF(anothers));
    follow(only_link, LENGTH_OF(only_link));
    expect_pinned(&old);
    assert_false(file_exists(state_own_file(&state, "root-was").text));
}

static void new_with_old_is_proof_and_nothing_leads_back(void **unused)
{
    (void)unused;
    struct bytes bag[] = {new_with_old, old_with_new, old.der, new.der};
    follow(bag, LENGTH_OF(bag));
    expect_pinned(&new);
    follow(bag, LENGTH_OF(bag));
    expect_pinned(&new);
}

static void what_was_provisioned_is_good_still(void **unused)
{
    (void)unused;
    struct bytes bag[] = {new_with_old, old_with_new, old.der, new.der};
    follow(bag, LENGTH_OF(bag));
    assert_int_equal(anchor_pin(&agent, &err), OK);
    expect_pinned(&new);
    agent.anchor = NULL;
    agent.fingerprint = fingerprint;
    assert_int_equal(anchor_pin(&agent, &err), OK);
    expect_pinned(&new);
    struct bytes next[] = {newest_with_new, newest.der, new.der}; /* and over two generations */
    follow(next, LENGTH_OF(next));
    expect_pinned(&newest);
    assert_int_equal(anchor_pin(&agent, &err), OK);
    expect_pinned(&newest);
}

static void another_provisioned_root_replaces_what_was_followed(void **unused)
{
    (void)unused;
    CLEANUP(blob_free) struct blob pem = {0};
    struct bytes bag[] = {new_with_old, old.der, new.der};
    follow(bag, LENGTH_OF(bag));
    assert_int_equal(pem_write(stranger.der, PEM_CERTIFICATE, &pem, &err), OK);
    assert_int_equal(file_write(anchor_file, 0644, blob_bytes(&pem), &err), OK);
    assert_int_equal(anchor_pin(&agent, &err), OK);
    expect_pinned(&stranger);
    agent.anchor = NULL;
    agent.fingerprint = fingerprint; /* of the one that was left is no pass for the stranger */
    assert_int_equal(anchor_pin(&agent, &err), R_UNREACHABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pin, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_root_without_proof_is_not_followed),
        TEST(new_with_old_is_proof_and_nothing_leads_back),
        TEST(what_was_provisioned_is_good_still),
        TEST(another_provisioned_root_replaces_what_was_followed),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
