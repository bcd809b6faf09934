/* What links two roots: the right one with the right key proves it, anything else proves nothing;
 * and OpenSSL builds the same paths through it. */
#include <crypto/chain_gather.h>
#include <crypto/rollover.h>
#include <wire/pkcs7.h>

#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CA "critical,CA:TRUE"
#define CA_USAGE "critical,keyCertSign,cRLSign"

static EVP_PKEY *old_key, *new_key, *other_key;
static struct forged old, new, stranger;

static struct bytes der(const struct forged *forged)
{
    return bytes_of(forged->der, forged->n);
}

static struct forged ca(const char *name, EVP_PKEY *key, const struct forged *issuer)
{
    return forge(&(struct forge){.name = name,
                                 .key = key,
                                 .issuer = issuer,
                                 .basic_constraints = CA,
                                 .key_usage = CA_USAGE});
}

static int make_roots(void **state)
{
    (void)state;
    old_key = forge_key("P-256");
    new_key = forge_key("P-384");
    other_key = forge_key("P-256");
    old = ca("old", old_key, NULL);
    new = ca("new", new_key, NULL);
    stranger = ca("old", other_key, NULL);
    return 0;
}

static int free_roots(void **state)
{
    (void)state;
    forged_free(&old);
    forged_free(&new);
    forged_free(&stranger);
    EVP_PKEY_free(old_key);
    EVP_PKEY_free(new_key);
    EVP_PKEY_free(other_key);
    return 0;
}

/* ---- roots ------------------------------------------------------------------------------------
 */

static const struct {
    const char *rule; /* NULL: good */
    struct forge root;
} roots[] = {
    {NULL, {.basic_constraints = CA, .key_usage = CA_USAGE}},
    {NULL, {.basic_constraints = CA ",pathlen:1", .key_usage = CA_USAGE}},
    {"4.2.1.9", {.basic_constraints = CA ",pathlen:0", .key_usage = CA_USAGE}},
    {"4.2.1.9", {.basic_constraints = "critical,CA:FALSE", .key_usage = "digitalSignature"}},
    {"4.2.1.3", {.basic_constraints = CA, .key_usage = "critical,keyCertSign"}},
    {"4.2.1.2", {.basic_constraints = CA, .key_usage = CA_USAGE, .no_key_ids = true}},
    {"4.2:", {.basic_constraints = CA, .key_usage = CA_USAGE, .more = "!1.3.6.1.4.1.99999.7"}},
    {"not valid now",
     {.basic_constraints = CA,
      .key_usage = CA_USAGE,
      .from_s = -9 * FORGE_DAY_S,
      .to_s = -FORGE_DAY_S}},
    {"", {.basic_constraints = CA, .key_usage = CA_USAGE, .bad_signature = true}},
};

static void a_root_is_its_own_issuer_and_may_issue(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(roots); i++) {
        struct forge what = roots[i].root;
        struct err err = {0};
        what.name = "root";
        what.key = old_key;
        struct forged root = forge(&what);
        enum result result = rollover_check_root(der(&root), FORGE_NOW_S, &err);
        bool is_right = (result == OK) == (roots[i].rule == NULL);
        if (!is_right || (roots[i].rule != NULL && strstr(err.text, roots[i].rule) == NULL))
            fail_msg("row %zu: wanted \"%s\", seen \"%s\"", i, roots[i].rule, err.text);
        forged_free(&root);
    }
    struct forged below = ca("below", new_key, &old);
    assert_int_equal(rollover_check_root(der(&below), FORGE_NOW_S, NULL), R_INVALID);
    forged_free(&below);
}

/* ---- links ------------------------------------------------------------------------------------
 */

static enum result check(const struct forged *link, const struct forged *by,
                         const struct forged *of)
{
    return rollover_check_link(der(link), der(by), der(of), FORGE_NOW_S, NULL);
}

static void new_with_old_and_old_with_new_each_prove_one_way(void **state)
{
    (void)state;
    struct forged new_with_old = ca("new", new_key, &old);
    struct forged old_with_new = ca("old", old_key, &new);
    assert_int_equal(check(&new_with_old, &old, &new), OK);
    assert_int_equal(check(&old_with_new, &new, &old), OK);
    assert_int_not_equal(check(&new_with_old, &new, &old), OK);
    assert_int_not_equal(check(&old_with_new, &old, &new), OK);
    assert_int_not_equal(check(&new, &old, &new), OK); /* its own word proves nothing */
    assert_int_not_equal(check(&new_with_old, &stranger, &new), OK);
    forged_free(&new_with_old);
    forged_free(&old_with_new);
}

static void another_key_name_or_signer_proves_nothing(void **state)
{
    (void)state;
    struct forged other_name = ca("newer", new_key, &old);
    struct forged bad_key = ca("new", other_key, &old);
    struct forged bad_signer = ca("new", new_key, &stranger); /* of the old root's name */
    struct forged leaf = forge(&(struct forge){.name = "new", .key = new_key, .issuer = &old});
    struct forged changed = forge(&(struct forge){.name = "new",
                                                  .key = new_key,
                                                  .issuer = &old,
                                                  .basic_constraints = CA,
                                                  .key_usage = CA_USAGE,
                                                  .bad_signature = true});
    struct forged *const all[] = {&other_name, &bad_key, &bad_signer, &leaf, &changed};
    for (size_t i = 0; i < LENGTH_OF(all); i++) {
        if (check(all[i], &old, &new) == OK)
            fail_msg("row %zu", i);
        forged_free(all[i]);
    }
    assert_int_equal(rollover_check_link(bytes_text("x"), der(&old), der(&new), FORGE_NOW_S, NULL),
                     R_INVALID);
}

/* The paths that it is for, by OpenSSL. */
static void openssl_builds_both_paths(void **state)
{
    (void)state;
    struct forged new_with_old = ca("new", new_key, &old);
    struct forged issuer = ca("issuer", other_key, &new);
    struct forged leaf = forge(&(struct forge){
        .name = "leaf", .key = other_key, .issuer = &issuer, .key_usage = "digitalSignature"});
    struct forged *with[] = {&leaf, &issuer, &new_with_old}, *without[] = {&leaf, &issuer};
    struct forged *old_only[] = {&old}, *new_only[] = {&new};
    assert_true(forge_openssl_accepts(with, 3, old_only, 1, FORGE_NOW_S));
    assert_true(forge_openssl_accepts(without, 2, new_only, 1, FORGE_NOW_S));
    assert_false(forge_openssl_accepts(without, 2, old_only, 1, FORGE_NOW_S));
    forged_free(&leaf);
    forged_free(&issuer);
    forged_free(&new_with_old);
}

/* ---- chains ------------------------------------------------------------------------------------
 */

static size_t gathered(const struct forged *leaf, const struct forged *const *bag, size_t n,
                       const struct forged *root)
{
    uint8_t space[8192];
    struct bytes certs[8];
    struct buf out = buf_over(space, sizeof space);
    for (size_t i = 0; i < n; i++)
        certs[i] = der(bag[i]);
    pkcs7_write_certs(&out, certs, n);
    assert_true(buf_ok(&out));
    struct chain_links links = chain_gather(der(leaf), buf_bytes(&out), der(root));
    assert_true(bytes_equal(links.der[0], der(leaf)));
    return links.n;
}

static void a_chain_is_gathered_up_to_either_root(void **state)
{
    (void)state;
    struct forged new_with_old = ca("new", new_key, &old), old_with_new = ca("old", old_key, &new);
    struct forged below_old = ca("issuer", other_key, &old),
                  below_new = ca("next", other_key, &new);
    struct forged one =
        forge(&(struct forge){.name = "one", .key = other_key, .issuer = &below_old});
    struct forged two =
        forge(&(struct forge){.name = "two", .key = other_key, .issuer = &below_new});
    const struct forged *bag[] = {&new_with_old, &old_with_new, &stranger, &old,
                                  &new,          &below_old,    &below_new};
    size_t n = LENGTH_OF(bag);
    assert_int_equal(gathered(&one, bag, n, &old), 2);
    assert_int_equal(gathered(&one, bag, n, &new), 3); /* old-with-new leads there */
    assert_int_equal(gathered(&two, bag, n, &new), 2);
    assert_int_equal(gathered(&two, bag, n, &old), 3);
    assert_int_equal(gathered(&one, bag, 5, &old), 1); /* its issuer is not there */
    assert_true(gathered(&one, bag, n, &one) <= LIMIT_CHAIN_CERTIFICATES); /* links go round */
    forged_free(&one);
    forged_free(&two);
    forged_free(&below_old);
    forged_free(&below_new);
    forged_free(&new_with_old);
    forged_free(&old_with_new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_key_name_or_signer_proves_nothing),
        cmocka_unit_test(a_root_is_its_own_issuer_and_may_issue),
        cmocka_unit_test(new_with_old_and_old_with_new_each_prove_one_way),
        cmocka_unit_test(openssl_builds_both_paths),
        cmocka_unit_test(a_chain_is_gathered_up_to_either_root),
    };
    return cmocka_run_group_tests(tests, make_roots, free_roots);
}
