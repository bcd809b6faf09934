/* Private keys as PKCS #8 in PEM. */
#include <crypto/key.h>

#include <base/file.h>

#include "fail.h"
#include "free.h"
#include "key_object.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#define KEY_FILE_MAX 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

static const uint64_t scrypt_n[] = {[KEY_COST_ONLINE] = 1024, [KEY_COST_OFFLINE] = 16384};

uint64_t key_cost_n(enum key_cost cost)
{
    return scrypt_n[cost];
}

/* One PEM block of a private key: its DER is wiped when freed. */
struct key_block {
    char *label, *header;
    unsigned char *der;
    long n;
};

static void key_block_free(struct key_block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->der, (size_t)block->n);
}

static enum result block_read(struct bytes pem, struct key_block *ret, struct err *err)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    struct key_block block = {0};

    if (bio == NULL || PEM_read_bio(bio, &block.label, &block.header, &block.der, &block.n) != 1)
        return fail_openssl(err, E_KEY, "this is no PEM file");
    *ret = block;
    return OK;
}

static PKCS8_PRIV_KEY_INFO *decrypt(const struct key_block *block, const struct secret *passphrase)
{
    const unsigned char *at = block->der;
    CLEANUP(x509_sig_freep) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, block->n);

    if (sealed == NULL || at != block->der + block->n)
        return NULL;
    return PKCS8_decrypt(sealed, (const char *)passphrase->p, (int)passphrase->n);
}

static enum result unpack(const struct key_block *block, const struct secret *passphrase,
                          PKCS8_PRIV_KEY_INFO **ret, struct err *err)
{
    const char *wanted = passphrase != NULL ? PEM_STRING_PKCS8 : PEM_STRING_PKCS8INF;
    const unsigned char *at = block->der;

    if (strcmp(block->label, wanted) != 0)
        return err_set(err, E_KEY, "the file holds \"%s\", wanted is \"%s\"",
                       err_value(bytes_of(block->label, strlen(block->label))).text, wanted);
    PKCS8_PRIV_KEY_INFO *info = passphrase != NULL ? decrypt(block, passphrase)
                                                   : d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, block->n);
    if (info == NULL)
        return fail_openssl(err, E_KEY,
                            passphrase != NULL ? "the key does not open with this passphrase"
                                               : "the key is not PKCS #8");
    *ret = info;
    return OK;
}

/* The public half that is stored beside it may be another key's. */
static enum result check_halves(EVP_PKEY *pkey, struct err *err)
{
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (ctx == NULL || EVP_PKEY_pairwise_check(ctx) != 1)
        return fail_openssl(err, E_KEY, "private and public half do not belong together");
    return OK;
}

enum result key_info_read(struct bytes pem, const struct secret *passphrase,
                          PKCS8_PRIV_KEY_INFO **ret, struct err *err)
{
    CLEANUP(key_block_free) struct key_block block = {0};

    TRY(block_read(pem, &block, err));
    return unpack(&block, passphrase, ret, err);
}

enum result key_read(struct bytes pem, const struct secret *passphrase, struct key **ret,
                     struct err *err)
{
    CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = NULL;
    CLEANUP(pkey_freep) EVP_PKEY *pkey = NULL;

    TRY(key_info_read(pem, passphrase, &info, err));
    pkey = EVP_PKCS82PKEY(info);
    if (pkey == NULL)
        return fail_openssl(err, E_KEY, "the key cannot be used");
    TRY(check_halves(pkey, err));
    return key_adopt(STEAL(pkey), ret, err);
}

enum result key_load(const char *path, const struct secret *passphrase, struct key **ret,
                     struct err *err)
{
    CLEANUP(secret_free) struct secret pem = {0};

    TRY(secret_read_file(path, KEY_FILE_MAX, &pem, err));
    enum result result = key_read(secret_bytes(&pem), passphrase, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase,
                         enum key_cost cost)
{
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, scrypt_n[cost], SCRYPT_R, SCRYPT_P);
    if (scheme == NULL)
        return NULL;
    X509_SIG *sealed =
        PKCS8_set0_pbe((const char *)passphrase->p, (int)passphrase->n, info, scheme);
    if (sealed == NULL)
        X509_ALGOR_free(scheme);
    return sealed;
}

static bool pem_write_info(BIO *bio, PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase,
                           enum key_cost cost)
{
    if (passphrase == NULL)
        return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
    CLEANUP(x509_sig_freep) X509_SIG *sealed = encrypt(info, passphrase, cost);
    return sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
}

enum result key_info_write(PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase,
                           enum key_cost cost, struct secret *ret, struct err *err)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
    char *text = NULL;

    if (info == NULL || bio == NULL || !pem_write_info(bio, info, passphrase, cost))
        return fail_openssl(err, E_KEY, "the key cannot be written");
    long n = BIO_get_mem_data(bio, &text);
    return secret_copy(bytes_of(text, (size_t)n), ret, err);
}

enum result key_write(const struct key *key, const struct secret *passphrase, enum key_cost cost,
                      struct secret *ret, struct err *err)
{
    CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key_object(key));

    return key_info_write(info, passphrase, cost, ret, err);
}

enum result key_store(const struct key *key, const struct secret *passphrase, enum key_cost cost,
                      const char *path, struct err *err)
{
    CLEANUP(secret_free) struct secret pem = {0};

    TRY(key_write(key, passphrase, cost, &pem, err));
    return file_create(path, 0600, secret_bytes(&pem), err);
}
