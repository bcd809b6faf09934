/* Each of OpenSSL's allocations fails once, in turn: what fails says so, and the next try is as
 * good as ever. */
#include <crypto/chain.h>
#include <crypto/credential.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <crypto/verify.h>

#include "fixture.h"
#include "forge.h"
#include "tpm_fixture.h"

#include <openssl/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRIES_MAX 5000

static long until_failure = -1; /* allocations that still succeed; below 0: all do */

static bool fails_now(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

struct things {
    struct key *key;
    struct key_signature signature;
    struct x509_key public_half;
    struct forged anchor, lower, leaf;
    struct blob pem;
};

static struct things things;

static enum result sign(void)
{
    struct key_signature signature;
    return key_sign(things.key, bytes_text("text"), &signature, NULL);
}

static enum result verify_hot(void)
{
    return verify_signature(&things.public_half, X509_SIG_ECDSA_SHA256, bytes_text("text"),
                            key_signature_bytes(&things.signature), NULL);
}

static enum result generate(void)
{
    struct key *key = NULL;
    enum result result = key_generate(KEY_ED25519, &key, NULL);
    assert_int_equal(result == OK, key != NULL);
    key_free(key);
    return result;
}

static enum result request(void)
{
    struct blob csr = {0};
    enum result result = csr_make(things.key, NULL, 0, (struct bytes){0}, &csr, NULL);
    assert_int_equal(result == OK, csr.p != NULL);
    blob_free(&csr);
    return result;
}

static enum result read_pem(void)
{
    struct blob der = {0};
    enum result result = pem_read(blob_bytes(&things.pem), PEM_CERTIFICATE, &der, NULL);
    assert_int_equal(result == OK, der.p != NULL);
    blob_free(&der);
    return result;
}

/* Of P-384 keys: every signature takes the long road. */
static enum result verify_chain(void)
{
    struct chain_store *store = NULL;
    struct chain_trust trust = {.id = 1,
                                .kind = CHAIN_AUTHORITY_ANCHOR,
                                .certificate = bytes_of(things.anchor.der, things.anchor.n)};
    struct chain_terms terms = {.now_s = FORGE_NOW_S};
    struct chain_claim claim = {0};
    struct bytes ders[] = {bytes_of(things.leaf.der, things.leaf.n),
                           bytes_of(things.lower.der, things.lower.n)};

    enum result result = chain_store_new(&store, NULL);
    if (result == OK)
        result = chain_store_add(store, &trust, NULL);
    if (result == OK)
        result = chain_verify(store, ders, 2, &terms, &claim, NULL);
    assert_int_equal(claim.kind, result == OK ? CHAIN_FOREIGN : CHAIN_NOBODY);
    chain_store_free(store);
    return result;
}

static enum result seal_to(const char *ek_hex)
{
    static const struct tpm_name name = {{0, TPM_SHA256}, 2 + 32};
    struct credential credential = {0};
    struct tpm_public ek;
    const char *why = NULL;

    assert_true(tpm_read_public(from_hex(ek_hex), &ek, &why));
    enum result result = credential_make(&ek, &name, bytes_text("secret"), &credential, NULL);
    assert_int_equal(result == OK, credential.blob_n != 0);
    return result;
}

static enum result seal_rsa(void)
{
    return seal_to(TPM_EK_RSA);
}

static enum result seal_ecc(void)
{
    return seal_to(TPM_EK_P256);
}

static void fail_each_allocation(const char *name, enum result (*act)(void))
{
    long n = 0;

    assert_int_equal(act(), OK);
    for (; n < TRIES_MAX; n++) {
        until_failure = n;
        enum result result = act();
        bool has_failed = until_failure < 0;
        until_failure = -1;
        if (!has_failed) {
            assert_int_equal(result, OK);
            break;
        }
        if (act() != OK) /* OpenSSL may do without what it did not get; we must go on */
            fail_msg("%s does not go on after allocation %ld failed", name, n);
    }
    assert_true(n < TRIES_MAX);
    print_message("# %s: %ld allocations\n", name, n);
}

static void goes_on_after_any_failed_allocation(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum result (*act)(void);
    } acts[] = {{"sign", sign},         {"verify", verify_hot}, {"generate", generate},
                {"request", request},   {"pem", read_pem},      {"chain", verify_chain},
                {"seal-rsa", seal_rsa}, {"seal-ecc", seal_ecc}};

    for (size_t i = 0; i < LENGTH_OF(acts); i++)
        fail_each_allocation(acts[i].name, acts[i].act);
}

static int set_up(void **state)
{
    EVP_PKEY *keys[3];
    const char *why = NULL;
    (void)state;

    assert_int_equal(crypto_start(NULL), OK);
    for (int i = 0; i < 3; i++)
        keys[i] = forge_key("P-384");
    struct forge ca = {.name = "anchor",
                       .key = keys[0],
                       .basic_constraints = "critical,CA:TRUE",
                       .key_usage = "critical,keyCertSign"};
    things.anchor = forge(&ca);
    ca.name = "lower";
    ca.key = keys[1];
    ca.issuer = &things.anchor;
    things.lower = forge(&ca);
    things.leaf = forge(&(struct forge){.name = "leaf", .key = keys[2], .issuer = &things.lower});
    for (int i = 0; i < 3; i++)
        EVP_PKEY_free(keys[i]);
    assert_int_equal(key_generate(KEY_P256, &things.key, NULL), OK);
    assert_int_equal(key_sign(things.key, bytes_text("text"), &things.signature, NULL), OK);
    assert_true(x509_read_spki(key_spki(things.key), &things.public_half, &why));
    return pem_write(bytes_of(things.leaf.der, things.leaf.n), PEM_CERTIFICATE, &things.pem, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    key_free(things.key);
    forged_free(&things.anchor);
    forged_free(&things.lower);
    forged_free(&things.leaf);
    blob_free(&things.pem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(goes_on_after_any_failed_allocation)};

    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
