/* `trothd issuer sign` and `root`: what is done where the root's key is, with that key. */
#include "issuer_files.h"

#include <base/file.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <crypto/verify.h>
#include <pki/authority.h>
#include <wire/x509.h>

#include <string.h>

#define DAY_S INT64_C(86400)
#define PASSPHRASE_MAX 1024
#define PASSPHRASE_MIN 16
#define TBS_ROOM 4096

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum result issuer_make(struct authority *authority, const struct pki_issuer *parent,
                        struct key *signer, const char *url, struct blob *ret, struct err *err)
{
    uint8_t serial[ISSUER_SERIAL_N], room[TBS_ROOM];
    struct buf tbs = buf_over(room, sizeof(room));

    issuer_make_serial(serial);
    authority->serial = bytes_of(serial, sizeof(serial));
    TRY(authority_build_tbs(authority, parent, bytes_of(url, strlen(url)), &tbs, err));
    return issuer_sign_tbs(signer, buf_bytes(&tbs), ret, err);
}

static enum result write_pem(const char *path, struct bytes der, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};

    TRY(pem_write(der, PEM_CERTIFICATE, &pem, err));
    return file_create(path, 0644, blob_bytes(&pem), err);
}

/* ---- an issuer's request ----------------------------------------------------------------------
 */

enum result issuer_certify(const struct root_read *root, struct bytes request, const char *url,
                           int64_t now_s, struct blob *ret, struct err *err)
{
    struct x509_csr csr;
    const char *why = NULL;
    int64_t from_s = now_s - DAY_S; /* leaves may be backdated */

    if (!x509_read_csr(request, &csr, &why))
        return err_set(err, E_CSR, "%s", why);
    TRY(verify_csr(&csr, err));
    if (from_s < root->issuer.not_before_s)
        from_s = root->issuer.not_before_s;
    struct authority authority = {
        .kind = PKI_ISSUER_LDEVID, /* no kind of issuer differs from another here */
        .subject = csr.subject,
        .spki = csr.spki,
        .not_before_s = from_s,
        .not_after_s = lesser(from_s + ISSUER_VALIDITY_S, root->issuer.not_after_s),
    };
    return issuer_make(&authority, &root->issuer, root->key, url, ret, err);
}

enum result issuer_sign(const struct issuer_signing *signing, struct err *err)
{
    CLEANUP(root_read_free) struct root_read root = {0};
    CLEANUP(blob_free) struct blob der = {0};
    CLEANUP(blob_free) struct blob certificate = {0};

    TRY(crypto_start(err));
    TRY(root_file_read(&signing->with, &root, err));
    TRY(issuer_read_file(signing->request, PEM_CSR, &der, err));
    enum result result = issuer_certify(&root, blob_bytes(&der), signing->config->public_url,
                                        signing->now_s, &certificate, err);
    if (result != OK) {
        err_prefix(err, "%s", signing->request);
        return result;
    }
    return write_pem(signing->out, blob_bytes(&certificate), err);
}

/* ---- a new root -------------------------------------------------------------------------------
 */

/* The two roots, and the certificates that come of them. */
struct pair {
    const struct root_making *making;
    struct root_read old, new;
    struct blob new_with_old, old_with_new;
};

static void pair_free(struct pair *pair)
{
    root_read_free(&pair->old);
    root_read_free(&pair->new);
    blob_free(&pair->new_with_old);
    blob_free(&pair->old_with_new);
}

static enum result make_new(struct pair *pair, struct err *err)
{
    const struct root_making *making = pair->making;
    int64_t from_s = making->now_s - DAY_S;
    char tag[ISSUER_TAG_N];

    if (from_s <= pair->old.issuer.not_before_s) /* who follows goes by it: device/agent/anchor.c */
        from_s = pair->old.issuer.not_before_s + 1;
    issuer_make_tag(tag);
    struct common_name name = issuer_common_name(PKI_ISSUER_ROOT, tag);
    TRY(key_generate(making->key_kind, &pair->new.key, err));
    struct authority authority = {
        .kind = PKI_ISSUER_ROOT,
        .common_name = bytes_of(name.text, strlen(name.text)),
        .spki = key_spki(pair->new.key),
        .not_before_s = from_s,
        .not_after_s = from_s + ROOT_VALIDITY_S,
    };
    TRY(issuer_make(&authority, NULL, pair->new.key, making->config->public_url,
                    &pair->new.certificate, err));
    return pki_issuer_read(making->number, PKI_ISSUER_ROOT, blob_bytes(&pair->new.certificate),
                           &pair->new.issuer, err);
}

/* `of`, certified by `by`: for as long as both are valid. */
static enum result make_link(const struct pair *pair, const struct root_read *of,
                             const struct root_read *by, struct blob *ret, struct err *err)
{
    int64_t from_s = pair->new.issuer.not_before_s;

    if (from_s < pair->old.issuer.not_before_s)
        from_s = pair->old.issuer.not_before_s;
    struct authority authority = {
        .kind = PKI_ISSUER_ROOT,
        .subject = of->issuer.name,
        .spki = key_spki(of->key),
        .not_before_s = from_s,
        .not_after_s = lesser(of->issuer.not_after_s, by->issuer.not_after_s),
    };
    return issuer_make(&authority, &by->issuer, by->key, pair->making->config->public_url, ret,
                       err);
}

enum result root_crl_sign(const struct root_read *root, uint64_t number, struct blob *ret,
                          struct err *err)
{
    uint8_t room[TBS_ROOM];
    struct buf tbs = buf_over(room, sizeof(room));

    TRY(root_crl_build_tbs(&root->issuer, root->issuer.not_before_s, number, &tbs, err));
    return issuer_sign_tbs(root->key, buf_bytes(&tbs), ret, err);
}

static enum result write_crls(const struct pair *pair, struct err *err)
{
    for (uint64_t number = 1; number <= ROOT_CRL_COUNT; number++) {
        CLEANUP(blob_free) struct blob crl = {0};
        struct init_path path = init_path("%s/%s", pair->making->folder,
                                          root_crl_file_name(pair->making->number, number).text);
        TRY(root_crl_sign(&pair->new, number, &crl, err));
        TRY(file_write(path.text, 0644, blob_bytes(&crl), err));
    }
    return OK;
}

static enum result write_folder(const struct pair *pair, struct err *err)
{
    const char *folder = pair->making->folder;

    TRY(folder_ensure(folder, 0755, err));
    TRY(write_pem(init_path("%s/root.pem", folder).text, blob_bytes(&pair->new.certificate), err));
    TRY(write_pem(init_path("%s/new-with-old.pem", folder).text, blob_bytes(&pair->new_with_old),
                  err));
    TRY(write_pem(init_path("%s/old-with-new.pem", folder).text, blob_bytes(&pair->old_with_new),
                  err));
    return write_crls(pair, err);
}

static enum result read_passphrase(const char *path, struct secret *ret, struct err *err)
{
    TRY(secret_read_file(path, PASSPHRASE_MAX, ret, err));
    if (ret->n < PASSPHRASE_MIN)
        return err_set(err, E_KEY, "the passphrase has %zu octets, wanted are %d", ret->n,
                       PASSPHRASE_MIN);
    return OK;
}

static enum result check_number(const struct root_making *making, struct err *err)
{
    if (making->number >= PKI_ISSUER_COUNT && making->number < PKI_ISSUERS)
        return OK;
    return err_set(err, E_ISSUER_NUMBER, "number %u, wanted %d to %d: the next free one",
                   making->number, PKI_ISSUER_COUNT, PKI_ISSUERS - 1);
}

/* The key is kept before anything that it signed is. */
enum result issuer_make_root(const struct root_making *making, struct err *err)
{
    CLEANUP(pair_free) struct pair pair = {.making = making};
    CLEANUP(secret_free) struct secret passphrase = {0};

    TRY(crypto_start(err));
    TRY(check_number(making, err));
    TRY(root_file_read(&making->with, &pair.old, err));
    TRY(read_passphrase(making->make.passphrase_file, &passphrase, err));
    TRY(make_new(&pair, err));
    TRY(make_link(&pair, &pair.new, &pair.old, &pair.new_with_old, err));
    TRY(make_link(&pair, &pair.old, &pair.new, &pair.old_with_new, err));
    TRY(root_file_write(pair.new.key, &passphrase, making->number,
                        blob_bytes(&pair.new.certificate), making->make.root, err));
    return write_folder(&pair, err);
}
