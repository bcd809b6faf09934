/* `trothd issuer rotate` and `accept`: the key of an issuer to come, and its certificate. */
#include "audit.h"
#include "issuer_files.h"

#include <base/file.h>
#include <base/limits.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <ipc/role.h>
#include <pki/authority.h>
#include <signer/backend.h>
#include <wire/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct init_path key_path(const struct config *config, enum pki_issuer_kind kind,
                                 uint32_t number, const char *suffix)
{
    return init_path("%s/" ROLE_FOLDER_SIGNER "/%s.%s", config->data,
                     signer_issuer_name(kind, number).text, suffix);
}

static struct init_path request_path(const struct config *config, enum pki_issuer_kind kind,
                                     uint32_t number)
{
    return init_path("%s/csr/%s.csr", config->data, signer_issuer_name(kind, number).text);
}

/* ---- rotate -----------------------------------------------------------------------------------
 */

/* The ledger's highest number; a server that never started has the first ones alone. */
static enum result highest_in_ledger(const struct config *config, uint32_t *ret, struct err *err)
{
    struct init_path file = init_path("%s/" ROLE_FOLDER_STORE "/" ROLE_FILE_STORE, config->data);
    struct store *store = NULL;
    int64_t highest = 0;

    *ret = PKI_ISSUER_OPERATIONS;
    if (!file_exists(file.text))
        return OK;
    TRY(audit_open_store(config, &store, err));
    enum result result = store_max_id(store, TABLE_ISSUER, &highest, err);
    store_close(store);
    if (result == OK && highest > *ret)
        *ret = (uint32_t)highest;
    return result;
}

/* A number that neither the ledger nor a key has; a request that waits must be answered first. */
static enum result pick_number(struct issuer_rotation *rotation, struct err *err)
{
    const struct config *config = rotation->config;
    uint32_t last = 0;

    TRY(highest_in_ledger(config, &last, err));
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
            bool has_key = file_exists(key_path(config, kind, number, "pem").text);
            bool has_certificate = file_exists(key_path(config, kind, number, "cer").text);
            if (has_key && number > last)
                last = number;
            if (has_key && !has_certificate && kind == rotation->kind)
                return err_set(err, E_CONFLICT,
                               "%s waits for its certificate: trothd issuer accept",
                               request_path(config, kind, number).text);
        }
    rotation->number = last + 1;
    if (rotation->number >= PKI_ISSUERS)
        return err_set(err, E_ISSUER_NUMBER, "the numbers up to %d are used up", PKI_ISSUERS - 1);
    return OK;
}

/* A key that the signer cannot open would keep the server from starting. */
static enum result read_passphrase(const struct issuer_rotation *rotation, struct secret *ret,
                                   struct err *err)
{
    CLEANUP(key_freep) struct key *other = NULL;
    const char *file = rotation->passphrase_file != NULL ? rotation->passphrase_file
                                                         : rotation->config->passphrase_file;
    struct init_path path = key_path(rotation->config, PKI_ISSUER_LDEVID, PKI_ISSUER_LDEVID, "pem");

    TRY(secret_read_passphrase(file, SIGNER_CREDENTIAL, ret, err));
    return key_load(path.text, ret, &other, err);
}

enum result issuer_rotate(struct issuer_rotation *rotation, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    CLEANUP(key_freep) struct key *key = NULL;
    const struct config *config = rotation->config;
    char tag[ISSUER_TAG_N];

    TRY(crypto_start(err));
    TRY(pick_number(rotation, err));
    TRY(read_passphrase(rotation, &passphrase, err));
    TRY(key_generate(rotation->key_kind, &key, err));
    struct init_path request = request_path(config, rotation->kind, rotation->number);
    issuer_make_tag(tag);
    struct common_name name = issuer_common_name(rotation->kind, tag);
    TRY(folder_ensure(init_path("%s/csr", config->data).text, 0755, err));
    TRY(issuer_write_request(key, &name, request.text, err));
    snprintf(rotation->request, sizeof(rotation->request), "%s", request.text);
    return key_store(key, &passphrase, KEY_COST_ONLINE,
                     key_path(config, rotation->kind, rotation->number, "pem").text, err);
}

/* ---- accept -----------------------------------------------------------------------------------
 */

static bool answers(const struct config *config, enum pki_issuer_kind kind, uint32_t number,
                    struct bytes spki)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct init_path path = request_path(config, kind, number);
    struct x509_csr csr;
    const char *why = NULL;

    return file_exists(path.text) && issuer_read_file(path.text, PEM_CSR, &der, NULL) == OK &&
           x509_read_csr(blob_bytes(&der), &csr, &why) && bytes_equal(csr.spki, spki);
}

static enum result find_request(const struct config *config, struct bytes spki,
                                enum pki_issuer_kind *ret_kind, uint32_t *ret_number,
                                struct err *err)
{
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
            if (answers(config, kind, number, spki)) {
                *ret_kind = kind;
                *ret_number = number;
                return OK;
            }
    return err_set(err, E_NOT_FOUND,
                   "no request in %s/csr is over the certificate's key: trothd issuer rotate",
                   config->data);
}

static enum result accept_certificate(const struct config *config, const char *path,
                                      enum pki_issuer_kind *ret_kind, uint32_t *ret_number,
                                      struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct pki_issuer issuer;
    struct x509_cert cert;
    const char *why = NULL;

    TRY(issuer_read_file(path, PEM_CERTIFICATE, &der, err));
    if (!x509_read_cert(blob_bytes(&der), &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", path, why);
    TRY(find_request(config, cert.spki, ret_kind, ret_number, err));
    TRY(pki_issuer_read(*ret_number, *ret_kind, blob_bytes(&der), &issuer, err));
    struct init_path key = key_path(config, *ret_kind, *ret_number, "pem");
    if (!file_exists(key.text)) /* with a certificate alone the signer would not start */
        return err_set(err, E_NOT_FOUND, "%s is not there: rotate again", key.text);
    struct init_path to = key_path(config, *ret_kind, *ret_number, "cer");
    if (file_exists(to.text))
        return err_set(err, E_CONFLICT, "%s exists: this certificate was accepted", to.text);
    return file_write(to.text, 0600, blob_bytes(&der), err);
}

/* The signer's copy: whose key may approve the recovery of an operator. */
static enum result keep_root(const struct config *config, const char *folder, uint32_t number,
                             struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};

    TRY(issuer_read_file(init_path("%s/root.pem", folder).text, PEM_CERTIFICATE, &der, err));
    return file_write(key_path(config, PKI_ISSUER_ROOT, number, "cer").text, 0600, blob_bytes(&der),
                      err);
}

/* The CRLs that a new root signed ahead, and its certificate: operators add it. */
static enum result accept_root(const struct config *config, const char *folder, struct err *err)
{
    uint32_t copied = 0, last = 0;

    for (uint32_t root = PKI_ISSUER_COUNT; root < PKI_ISSUERS; root++)
        for (uint64_t number = 1; number <= ROOT_CRL_COUNT; number++) {
            CLEANUP(blob_free) struct blob crl = {0};
            struct crl_name name = root_crl_file_name(root, number);
            struct init_path from = init_path("%s/%s", folder, name.text);
            if (!file_exists(from.text))
                continue;
            TRY(file_read(from.text, LIMIT_CERTIFICATE_BYTES, &crl, err));
            TRY(file_write(init_path("%s/crl/%s", config->public_files, name.text).text, 0644,
                           blob_bytes(&crl), err));
            copied++;
            last = root;
        }
    if (copied == 0)
        return err_set(err, E_NOT_FOUND, "%s has no CRL of a root", folder);
    return keep_root(config, folder, last, err);
}

enum result issuer_accept(const struct config *config, const char *path,
                          enum pki_issuer_kind *ret_kind, uint32_t *ret_number, struct err *err)
{
    struct init_path root = init_path("%s/root.pem", path);

    *ret_kind = PKI_ISSUER_ROOT;
    *ret_number = 0;
    if (file_exists(root.text))
        return accept_root(config, path, err);
    return accept_certificate(config, path, ret_kind, ret_number, err);
}
