#include "issuer_files.h"

#include <base/file.h>
#include <base/limits.h>
#include <base/rand.h>
#include <base/secret.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <pki/authority.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSPHRASE_MAX 1024
#define ROOT_FILE_MAX 65536
#define NUMBER_LINE "troth-root: "

/* ---- names ------------------------------------------------------------------------------------
 */

struct common_name issuer_common_name(enum pki_issuer_kind kind, const char *tag)
{
    static const char *const titles[PKI_ISSUER_COUNT] = {
        [PKI_ISSUER_ROOT] = "Root",
        [PKI_ISSUER_IDEVID] = "IDevID Issuer",
        [PKI_ISSUER_LDEVID] = "LDevID Issuer",
        [PKI_ISSUER_OPERATIONS] = "Operations Issuer",
    };
    struct common_name name;

    snprintf(name.text, sizeof(name.text), "Troth %s %s", titles[kind], tag);
    return name;
}

void issuer_make_tag(char ret[ISSUER_TAG_N])
{
    uint8_t random[(ISSUER_TAG_N - 1) / 2];
    struct buf tag = buf_over(ret, ISSUER_TAG_N - 1);

    rand_bytes(random, sizeof(random));
    hex_encode(&tag, bytes_of(random, sizeof(random)));
    ret[ISSUER_TAG_N - 1] = '\0';
}

void issuer_make_serial(uint8_t ret[ISSUER_SERIAL_N])
{
    rand_bytes(ret, ISSUER_SERIAL_N);
    ret[0] = (uint8_t)(1 + ret[0] % 127);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

enum result issuer_write_request(struct key *key, const struct common_name *name, const char *path,
                                 struct err *err)
{
    CLEANUP(blob_free) struct blob csr = {0};
    CLEANUP(blob_free) struct blob pem = {0};
    struct x509_name_part subject = {oid_common_name, bytes_of(name->text, strlen(name->text))};
    uint8_t constraints_room[16], usage_room[16], list_room[64], attribute_room[96];
    struct buf constraints = buf_over(constraints_room, sizeof(constraints_room));
    struct buf usage = buf_over(usage_room, sizeof(usage_room));
    struct buf list = buf_over(list_room, sizeof(list_room));
    struct buf attribute = buf_over(attribute_room, sizeof(attribute_room));

    x509_write_basic_constraints(&constraints, true, 0);
    x509_write_key_usage(&usage, X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN);
    struct x509_extension wanted[] = {
        {oid_basic_constraints, true, buf_bytes(&constraints)},
        {oid_key_usage, true, buf_bytes(&usage)},
    };
    x509_write_extensions(&list, wanted, LENGTH_OF(wanted));
    x509_write_extension_request(&attribute, buf_bytes(&list));
    TRY(csr_make(key, &subject, 1, buf_bytes(&attribute), &csr, err));
    TRY(pem_write(blob_bytes(&csr), PEM_CSR, &pem, err));
    return file_write(path, 0644, blob_bytes(&pem), err);
}

enum result issuer_read_file(const char *path, const char *label, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};

    TRY(file_read(path, 4 * LIMIT_CERTIFICATE_BYTES, &file, err));
    enum result result = pem_or_der_read(blob_bytes(&file), label, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

enum result issuer_sign_tbs(struct key *key, struct bytes tbs, struct blob *ret, struct err *err)
{
    struct blob room = {.p = malloc(tbs.n + KEY_SIGNATURE_MAX + 64)};

    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory");
    struct buf whole = buf_over(room.p, tbs.n + KEY_SIGNATURE_MAX + 64);
    enum result result = sign_into(key, tbs, &whole, err);
    if (result == OK && !buf_ok(&whole))
        result = err_set(err, E_BUG, "no room for what the root signed");
    room.n = whole.n;
    if (result != OK)
        blob_free(&room);
    *ret = room;
    return result;
}

/* ---- a root's file ----------------------------------------------------------------------------
 */

enum result root_file_write(struct key *key, const struct secret *passphrase, uint32_t number,
                            struct bytes certificate, const char *path, struct err *err)
{
    CLEANUP(secret_free) struct secret pem = {0};
    CLEANUP(blob_free) struct blob certificate_pem = {0};
    uint8_t room[8192];
    char line[sizeof(NUMBER_LINE) + 16] = "";
    struct buf file = buf_over(room, sizeof(room));

    if (number != PKI_ISSUER_ROOT)
        snprintf(line, sizeof(line), NUMBER_LINE "%" PRIu32 "\n", number);
    TRY(key_write(key, passphrase, KEY_COST_OFFLINE, &pem, err));
    TRY(pem_write(certificate, PEM_CERTIFICATE, &certificate_pem, err));
    buf_put_bytes(&file, bytes_of(line, strlen(line)));
    buf_put_bytes(&file, secret_bytes(&pem));
    buf_put_bytes(&file, blob_bytes(&certificate_pem));
    if (!buf_ok(&file))
        return err_set(err, E_BUG, "no room for the root's file");
    enum result result = file_create(path, 0600, buf_bytes(&file), err);
    secret_wipe(room, sizeof(room));
    return result;
}

void root_read_free(struct root_read *root)
{
    key_freep(&root->key);
    blob_free(&root->certificate);
}

static uint32_t number_in(const struct secret *file)
{
    unsigned long number = PKI_ISSUER_ROOT;

    if (strncmp((const char *)file->p, NUMBER_LINE, sizeof(NUMBER_LINE) - 1) == 0)
        number = strtoul((const char *)file->p + sizeof(NUMBER_LINE) - 1, NULL, 10);
    return number < PKI_ISSUERS ? (uint32_t)number : 0;
}

/* The first block is the key's, the second the certificate's. */
static enum result read_parts(const struct secret *file, const struct secret *passphrase,
                              struct root_read *ret, struct err *err)
{
    size_t n = 0;

    TRY(key_read(secret_bytes(file), passphrase, &ret->key, err));
    TRY(pem_read_all(secret_bytes(file), PEM_CERTIFICATE, 1, &ret->certificate, &n, err));
    return pki_issuer_read(number_in(file), PKI_ISSUER_ROOT, blob_bytes(&ret->certificate),
                           &ret->issuer, err);
}

enum result root_file_read(const struct root_files *files, struct root_read *ret, struct err *err)
{
    CLEANUP(secret_free) struct secret file = {0};
    CLEANUP(secret_free) struct secret passphrase = {0};
    struct x509_cert cert;
    const char *why = NULL;

    TRY(secret_read_file(files->root, ROOT_FILE_MAX, &file, err));
    TRY(secret_read_file(files->passphrase_file, PASSPHRASE_MAX, &passphrase, err));
    enum result result = read_parts(&file, &passphrase, ret, err);
    if (result != OK) {
        err_prefix(err, "%s", files->root);
        return result;
    }
    if (!x509_read_cert(blob_bytes(&ret->certificate), &cert, &why) ||
        !bytes_equal(cert.spki, key_spki(ret->key)))
        return err_set(err, E_KEY, "%s: the certificate is not for the key beside it", files->root);
    return OK;
}
