/* The second half of `trothd init --csr-only`: certificates from a root that exists elsewhere. */
#include <app/init.h>

#include <base/file.h>
#include <base/limits.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <pki/authority.h>
#include <service/bootstrap.h>

#include "ceremony.h"
#include "issuer_files.h"

#include <string.h>

struct accepting {
    const struct config *config;
    const char *folder;
    int64_t now_s;
    struct blob certificates[PKI_ISSUER_COUNT];
};

static void accepting_free(struct accepting *accepting)
{
    for (size_t i = 0; i < PKI_ISSUER_COUNT; i++)
        blob_free(&accepting->certificates[i]);
}

/* The key that we asked a certificate for. */
static enum result check_one(struct accepting *accepting, enum pki_issuer_kind kind,
                             struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct init_path path = init_path("%s/csr/%s.csr", accepting->config->data, issuer_name(kind));
    struct x509_csr csr;
    const char *why = NULL;

    TRY(issuer_read_file(path.text, PEM_CSR, &der, err));
    if (!x509_read_csr(blob_bytes(&der), &csr, &why))
        return err_set(err, E_CSR, "%s: %s", path.text, why);
    enum result result = authority_check(blob_bytes(&accepting->certificates[kind]),
                                         blob_bytes(&accepting->certificates[PKI_ISSUER_ROOT]),
                                         csr.spki, accepting->now_s, err);
    if (result != OK)
        err_prefix(err, "%s/%s.cer", accepting->folder, issuer_name(kind));
    return result;
}

static enum result read_all(struct accepting *accepting, struct err *err)
{
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++) {
        struct init_path path = init_path("%s/%s.cer", accepting->folder, issuer_name(kind));
        TRY(issuer_read_file(path.text, PEM_CERTIFICATE, &accepting->certificates[kind], err));
    }
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
        TRY(check_one(accepting, kind, err));
    return OK;
}

static enum result write_one(struct accepting *accepting, enum pki_issuer_kind kind,
                             struct err *err)
{
    const char *data = accepting->config->data, *name = issuer_name(kind);
    struct bytes der = blob_bytes(&accepting->certificates[kind]);

    TRY(file_write(init_path("%s/.init/ca/%s.cer", data, name).text, 0644, der, err));
    TRY(file_write(init_path("%s/signer/%s.cer", data, name).text, 0600, der, err));
    return publish_authority(accepting->config, kind, der, err);
}

/* What --csr-only recorded, and what came of it. */
static enum result write_ceremony(const struct accepting *accepting, struct err *err)
{
    CLEANUP(blob_free) struct blob before = {0};
    struct ceremony_certificate list[PKI_ISSUER_COUNT];
    uint8_t room[CEREMONY_MAX];
    struct buf text = buf_over(room, sizeof(room));
    const char *data = accepting->config->data;
    size_t n = 0;

    struct init_path first = init_path("%s/csr/" CEREMONY_FILE, data);

    if (file_exists(first.text)) /* an older trothd made the requests otherwise */
        TRY(file_read(first.text, CEREMONY_MAX, &before, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        list[n++] = (struct ceremony_certificate){issuer_name(kind),
                                                  blob_bytes(&accepting->certificates[kind])};
    buf_put_bytes(&text, blob_bytes(&before));
    ceremony_write_accepted(&text, accepting->now_s, list, n);
    if (!buf_ok(&text))
        return err_set(err, E_BUG, "no room for the record of the ceremony");
    return file_write(init_path("%s/.init/ca/" CEREMONY_FILE, data).text, 0644, buf_bytes(&text),
                      err);
}

static enum result write_all(struct accepting *accepting, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    const char *data = accepting->config->data;

    TRY(publish_begin(accepting->config, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(write_one(accepting, kind, err));
    TRY(pem_write(blob_bytes(&accepting->certificates[PKI_ISSUER_ROOT]), PEM_CERTIFICATE, &pem,
                  err));
    TRY(file_write(init_path("%s/.init/ca/root.pem", data).text, 0644, blob_bytes(&pem), err));
    return write_ceremony(accepting, err);
}

static enum result check_state(const struct config *config, struct err *err)
{
    if (file_exists(init_path("%s/ca", config->data).text))
        return err_set(err, E_CONFLICT, "%s/ca exists: this installation is complete",
                       config->data);
    if (!file_exists(init_path("%s/csr", config->data).text))
        return err_set(err, E_CONFLICT, "%s/csr is not there: begin with trothd init --csr-only",
                       config->data);
    return OK;
}

enum result init_accept(const struct config *config, const char *folder, int64_t now_s,
                        struct err *err)
{
    CLEANUP(accepting_free)
    struct accepting accepting = {.config = config, .folder = folder, .now_s = now_s};
    static const char *const names[] = {"ca", NULL};

    TRY(crypto_start(err));
    TRY(check_state(config, err));
    TRY(read_all(&accepting, err));
    TRY(folder_ensure(init_path("%s/.init", config->data).text, 0700, err));
    TRY(folder_ensure(init_path("%s/.init/ca", config->data).text, 0755, err));
    enum result result = write_all(&accepting, err);
    if (result == OK)
        return staging_end(config, names, err);
    staging_abandon(config);
    return result;
}
