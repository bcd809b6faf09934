/* What a chain shows that somebody presents. */
#include "forge.h"

#include <base/result.h>
#include <crypto/presented.h>
#include <crypto/start.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CA_USAGE "critical,keyCertSign,cRLSign"

/* A root, an issuer below it that ends first, and a leaf. */
struct site {
    EVP_PKEY *keys[3];
    struct forged root, issuer, leaf;
};

static int setup(void **state)
{
    static struct site site;
    struct err err = {0};
    assert_int_equal(crypto_start(&err), OK);
    for (size_t i = 0; i < LENGTH_OF(site.keys); i++)
        site.keys[i] = forge_key("P-256");
    site.root = forge(&(struct forge){.name = "Root",
                                      .key = site.keys[0],
                                      .from_s = -FORGE_DAY_S,
                                      .to_s = 900 * FORGE_DAY_S,
                                      .basic_constraints = "critical,CA:TRUE",
                                      .key_usage = CA_USAGE});
    site.issuer = forge(&(struct forge){.name = "Issuer",
                                        .key = site.keys[1],
                                        .issuer = &site.root,
                                        .from_s = -FORGE_DAY_S,
                                        .to_s = 90 * FORGE_DAY_S,
                                        .basic_constraints = "critical,CA:TRUE",
                                        .key_usage = CA_USAGE});
    site.leaf = forge(&(struct forge){.name = "Leaf", .key = site.keys[2], .issuer = &site.issuer});
    *state = &site;
    return 0;
}

static int teardown(void **state)
{
    struct site *site = *state;
    forged_free(&site->root);
    forged_free(&site->issuer);
    forged_free(&site->leaf);
    for (size_t i = 0; i < LENGTH_OF(site->keys); i++)
        EVP_PKEY_free(site->keys[i]);
    return 0;
}

static struct bytes der(const struct forged *forged)
{
    return bytes_of(forged->der, forged->n);
}

static struct presented read_chain(const struct bytes *ders, size_t n)
{
    struct presented presented = {0};
    struct err err = {0};
    assert_int_equal(presented_read(ders, n, &presented, &err), OK);
    return presented;
}

static void a_leaf_that_does_not_read_is_refused_by_its_rule(void **state)
{
    struct site *site = *state;
    struct bytes cut = der(&site->leaf);
    struct presented presented;
    struct err err = {0};
    cut.n--;
    assert_true(presented_read(&cut, 1, &presented, &err) != OK);
    assert_int_equal(err.code, E_CERTIFICATE);
    assert_true(presented_read(&cut, 0, &presented, &err) != OK);
}

static void a_leaf_alone_shows_nothing_of_who_is_above(void **state)
{
    struct site *site = *state;
    const struct bytes ders[] = {der(&site->leaf)};
    struct presented presented = read_chain(ders, 1);
    assert_false(presented.is_self_signed);
    assert_int_equal(presented.root_issued, PRESENTED_UNKNOWN);
    assert_int_equal(presented.ca_until_s, 0);
}

static void a_chain_in_any_order_shows_the_first_end_above(void **state)
{
    struct site *site = *state;
    const struct bytes ders[] = {der(&site->leaf), der(&site->root), der(&site->issuer)};
    struct presented presented = read_chain(ders, 3);
    assert_int_equal(presented.root_issued, PRESENTED_NO);
    assert_int_equal(presented.ca_until_s, FORGE_NOW_S + 90 * FORGE_DAY_S);
    const struct bytes straight[] = {der(&site->issuer), der(&site->root)};
    presented = read_chain(straight, 2);
    assert_int_equal(presented.root_issued, PRESENTED_YES);
    assert_int_equal(presented.ca_until_s, FORGE_NOW_S + 900 * FORGE_DAY_S);
}

static void what_signed_itself_is_its_own_root(void **state)
{
    struct site *site = *state;
    const struct bytes ders[] = {der(&site->root)};
    struct presented presented = read_chain(ders, 1);
    assert_true(presented.is_self_signed);
    assert_int_equal(presented.root_issued, PRESENTED_YES);
    assert_int_equal(presented.ca_until_s, 0);
}

static void a_name_alone_is_no_issuer(void **state)
{
    struct site *site = *state;
    struct forged forged = forge(&(struct forge){
        .name = "Leaf", .key = site->keys[2], .issuer = &site->issuer, .bad_signature = true});
    struct forged twin = forge(&(struct forge){
        .name = "Issuer", .key = site->keys[2], .basic_constraints = "critical,CA:TRUE"});
    const struct bytes bad[] = {der(&forged), der(&site->issuer)};
    const struct bytes other[] = {der(&site->leaf), der(&twin), bytes_text("no certificate")};
    assert_int_equal(read_chain(bad, 2).root_issued, PRESENTED_UNKNOWN);
    assert_int_equal(read_chain(other, 3).ca_until_s, 0);
    forged_free(&forged);
    forged_free(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_that_does_not_read_is_refused_by_its_rule),
        cmocka_unit_test(a_leaf_alone_shows_nothing_of_who_is_above),
        cmocka_unit_test(a_chain_in_any_order_shows_the_first_end_above),
        cmocka_unit_test(what_signed_itself_is_its_own_root),
        cmocka_unit_test(a_name_alone_is_no_issuer),
    };
    return cmocka_run_group_tests_name("crypto/presented", tests, setup, teardown);
}
