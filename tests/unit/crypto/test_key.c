#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/key.h>
#include <crypto/verify.h>
#include <wire/oid.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const enum key_kind kinds[] = {KEY_P256, KEY_ED25519, KEY_P384, KEY_RSA_2048, KEY_RSA_3072};

static struct secret secret_text(const char *text)
{
    struct secret secret = {0};
    assert_int_equal(secret_copy(bytes_of(text, strlen(text)), &secret, NULL), OK);
    return secret;
}

static struct key *new_key(enum key_kind kind)
{
    struct key *key = NULL;
    assert_int_equal(key_generate(kind, &key, NULL), OK);
    return key;
}

static void signs_what_the_public_half_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = new_key(kinds[i]);
        struct key_signature signature;
        struct x509_key public_half;
        const char *why = NULL;
        assert_true(x509_read_spki(key_spki(key), &public_half, &why));
        assert_true(bytes_equal(public_half.point, key_point(key)));
        assert_int_equal(key_sign(key, bytes_text("text"), &signature, NULL), OK);
        assert_int_equal(verify_signature(&public_half, key_sig_alg(key), bytes_text("text"),
                                          key_signature_bytes(&signature), NULL),
                         OK);
        assert_int_equal(verify_signature(&public_half, key_sig_alg(key), bytes_text("other"),
                                          key_signature_bytes(&signature), NULL),
                         R_CRYPTO);
        key_free(key);
    }
}

static void public_half_is_what_openssl_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = new_key(kinds[i]);
        struct secret pem = {0};
        assert_int_equal(key_write(key, NULL, KEY_COST_ONLINE, &pem, NULL), OK);

        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        uint8_t *spki = NULL;
        int n = i2d_PUBKEY(pkey, &spki);
        assert_true(bytes_equal(key_spki(key), bytes_of(spki, (size_t)n)));
        OPENSSL_free(spki);
        EVP_PKEY_free(pkey);
        BIO_free(bio);
        secret_free(&pem);
        key_free(key);
    }
}

static void comes_back_under_its_passphrase_and_no_other(void **state)
{
    (void)state;
    struct secret right = secret_text("right"), wrong = secret_text("wrong");

    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = new_key(kinds[i]), *again = NULL;
        struct secret pem = {0};
        assert_int_equal(key_write(key, &right, KEY_COST_ONLINE, &pem, NULL), OK);
        assert_int_equal(key_read(secret_bytes(&pem), &wrong, &again, NULL), R_CRYPTO);
        assert_int_equal(key_read(secret_bytes(&pem), NULL, &again, NULL), R_CRYPTO);
        assert_null(again);
        assert_int_equal(key_read(secret_bytes(&pem), &right, &again, NULL), OK);
        assert_true(bytes_equal(key_spki(again), key_spki(key)));
        key_free(again);
        key_free(key);
        secret_free(&pem);
    }
    secret_free(&right);
    secret_free(&wrong);
}

/* A passphrase that protects nothing must not pass unnoticed. */
static void refuses_a_clear_key_where_a_passphrase_is_given(void **state)
{
    (void)state;
    struct key *key = new_key(KEY_P256), *again = NULL;
    struct secret pem = {0}, passphrase = secret_text("secret");

    assert_int_equal(key_write(key, NULL, KEY_COST_ONLINE, &pem, NULL), OK);
    assert_int_equal(key_read(secret_bytes(&pem), &passphrase, &again, NULL), R_CRYPTO);
    assert_int_equal(key_read(secret_bytes(&pem), NULL, &again, NULL), OK);
    key_free(again);
    key_free(key);
    secret_free(&pem);
    secret_free(&passphrase);
}

static void encrypted_keys_cost_scrypt_and_openssl_opens_them(void **state)
{
    (void)state;
    static const enum key_cost costs[] = {KEY_COST_ONLINE, KEY_COST_OFFLINE};
    struct secret passphrase = secret_text("secret");
    struct key *key = new_key(KEY_P256);
    static const uint8_t scrypt_oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b};

    for (size_t i = 0; i < LENGTH_OF(costs); i++) {
        struct secret pem = {0};
        char *label = NULL, *header = NULL;
        uint8_t *der = NULL;
        long n = 0;
        assert_int_equal(key_write(key, &passphrase, costs[i], &pem, NULL), OK);
        BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        assert_int_equal(PEM_read_bio(bio, &label, &header, &der, &n), 1);
        assert_string_equal(label, "ENCRYPTED PRIVATE KEY");
        assert_non_null(memmem(der, (size_t)n, scrypt_oid, sizeof(scrypt_oid)));
        BIO_free(bio);
        bio = BIO_new_mem_buf(pem.p, (int)pem.n);
        EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "secret");
        assert_non_null(pkey);
        EVP_PKEY_free(pkey);
        BIO_free(bio);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
        secret_free(&pem);
    }
    key_free(key);
    secret_free(&passphrase);
}

static struct bytes pem_of(EVP_PKEY *pkey, BIO *bio)
{
    char *text = NULL;
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    long n = BIO_get_mem_data(bio, &text);
    return bytes_of(text, (size_t)n);
}

static void refuses_other_kinds_and_what_is_no_key(void **state)
{
    (void)state;
    EVP_PKEY *others[] = {EVP_EC_gen("P-521"), EVP_RSA_gen(1024),
                          EVP_PKEY_Q_keygen(NULL, NULL, "X25519")};
    struct key *key = NULL;

    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        assert_int_equal(key_read(pem_of(others[i], bio), NULL, &key, NULL), R_CRYPTO);
        BIO_free(bio);
        EVP_PKEY_free(others[i]);
    }
    assert_int_equal(key_read(bytes_text(""), NULL, &key, NULL), R_CRYPTO);
    assert_int_equal(key_read(bytes_text("no key"), NULL, &key, NULL), R_CRYPTO);
    assert_null(key);
}

static void takes_a_key_that_was_stored_with_a_compressed_point(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct key *key = NULL;
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "compressed"), 1);
    assert_int_equal(key_read(pem_of(pkey, bio), NULL, &key, NULL), OK);
    assert_int_equal(key_point(key).n, X509_P256_POINT_N);
    assert_int_equal(key_point(key).p[0], 4);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    key_free(key);
}

static void a_file_is_private_and_is_never_replaced(void **state)
{
    (void)state;
    char folder[] = "/tmp/troth-key-XXXXXX", path[64];
    struct stat stat_of;
    struct secret passphrase = secret_text("secret");
    struct key *key = new_key(KEY_P256), *again = NULL;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/key.pem", folder);
    assert_int_equal(key_store(key, &passphrase, KEY_COST_ONLINE, path, NULL), OK);
    assert_int_equal(key_store(key, &passphrase, KEY_COST_ONLINE, path, NULL), R_CONFLICT);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0600);
    assert_int_equal(key_load(path, &passphrase, &again, NULL), OK);
    key_free(again);
    again = NULL;
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(key_load(path, &passphrase, &again, NULL), R_CRYPTO);
    assert_null(again);
    unlink(path);
    rmdir(folder);
    key_free(key);
    secret_free(&passphrase);
}

static void only_p256_takes_a_digest(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = new_key(kinds[i]);
        struct key_signature signature;
        uint8_t digest[SHA256_N] = {0};
        assert_int_equal(key_sign_digest(key, digest, &signature, NULL),
                         kinds[i] == KEY_P256 ? OK : R_BUG);
        key_free(key);
    }
}

static void kinds_have_names_and_nothing_else_has(void **state)
{
    (void)state;
    char choice[] = KEY_KIND_CHOICE;
    size_t n = 0;

    for (char *at = choice, *name; (name = strsep(&at, "|")) != NULL; n++)
        assert_string_equal(key_kind_name(key_kind_named(name)), name);
    assert_int_equal(n, KEY_KIND_COUNT - 1);
    assert_int_equal(key_kind_named("rsa"), KEY_NONE);
    assert_int_equal(key_kind_named(""), KEY_NONE);
    assert_null(key_kind_name(KEY_NONE));
    assert_null(key_kind_name(KEY_KIND_COUNT));
    assert_int_equal(key_generate(KEY_NONE, NULL, NULL), R_BUG);
}

static void makes_requests_that_prove_themselves(void **state)
{
    (void)state;
    struct x509_name_part subject[] = {{oid_common_name, bytes_text("device")},
                                       {oid_serial_number, bytes_text("SN-1")}};

    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct key *key = new_key(kinds[i]);
        struct blob der = {0};
        struct x509_csr csr;
        const char *why = NULL;
        assert_int_equal(csr_make(key, subject, 2, (struct bytes){0}, &der, NULL), OK);
        assert_true(x509_read_csr(blob_bytes(&der), &csr, &why));
        assert_int_equal(verify_csr(&csr, NULL), OK);
        assert_true(bytes_equal(csr.spki, key_spki(key)));
        der.p[der.n - 1] ^= 1;
        if (x509_read_csr(blob_bytes(&der), &csr, &why))
            assert_int_equal(verify_csr(&csr, NULL), R_CRYPTO);
        blob_free(&der);
        key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_other_kinds_and_what_is_no_key),
        cmocka_unit_test(refuses_a_clear_key_where_a_passphrase_is_given),
        cmocka_unit_test(only_p256_takes_a_digest),
        cmocka_unit_test(kinds_have_names_and_nothing_else_has),
        cmocka_unit_test(a_file_is_private_and_is_never_replaced),
        cmocka_unit_test(comes_back_under_its_passphrase_and_no_other),
        cmocka_unit_test(encrypted_keys_cost_scrypt_and_openssl_opens_them),
        cmocka_unit_test(takes_a_key_that_was_stored_with_a_compressed_point),
        cmocka_unit_test(public_half_is_what_openssl_writes),
        cmocka_unit_test(signs_what_the_public_half_verifies),
        cmocka_unit_test(makes_requests_that_prove_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
