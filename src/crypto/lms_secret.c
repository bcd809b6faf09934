#include "lms_secret.h"

#include <base/file.h>

#include "fail.h"
#include "free.h"
#include "key_object.h"

#include <openssl/objects.h>

#define ALGORITHM "1.2.840.113549.1.9.16.3.17"
#define SECRET_FILE_MAX 4096

static PKCS8_PRIV_KEY_INFO *info_of(struct bytes seed)
{
    CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
    uint8_t *copy = OPENSSL_memdup(seed.p, seed.n);

    if (info == NULL || copy == NULL ||
        PKCS8_pkey_set0(info, OBJ_txt2obj(ALGORITHM, 1), 0, V_ASN1_UNDEF, NULL, copy,
                        (int)seed.n) != 1) {
        OPENSSL_clear_free(copy, seed.n);
        return NULL;
    }
    return STEAL(info);
}

enum result lms_secret_store(const char *path, struct bytes seed, const struct secret *passphrase,
                             struct err *err)
{
    CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = info_of(seed);
    CLEANUP(secret_free) struct secret pem = {0};

    TRY(key_info_write(info, passphrase, KEY_COST_OFFLINE, &pem, err));
    return file_create(path, 0600, secret_bytes(&pem), err);
}

static enum result open_pem(struct bytes pem, size_t n, const struct secret *passphrase,
                            struct secret *ret, struct err *err)
{
    CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = NULL;
    const ASN1_OBJECT *algorithm = NULL;
    const uint8_t *seed = NULL;
    char name[64] = "";
    int seed_n = 0;

    TRY(key_info_read(pem, passphrase, &info, err));
    if (PKCS8_pkey_get0(&algorithm, &seed, &seed_n, NULL, info) != 1 ||
        OBJ_obj2txt(name, sizeof name, algorithm, 1) < 1 || strcmp(name, ALGORITHM) != 0 ||
        (size_t)seed_n != n)
        return err_set(err, E_KEY, "it holds no LMS seed of %zu octets", n);
    return secret_copy(bytes_of(seed, n), ret, err);
}

enum result lms_secret_load(const char *path, size_t n, const struct secret *passphrase,
                            struct secret *ret, struct err *err)
{
    CLEANUP(secret_free) struct secret pem = {0};

    TRY(secret_read_file(path, SECRET_FILE_MAX, &pem, err));
    enum result result = open_pem(secret_bytes(&pem), n, passphrase, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}
