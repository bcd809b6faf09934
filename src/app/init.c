#include <app/init.h>

#include <base/clock.h>
#include <base/file.h>
#include <base/rand.h>
#include <base/secret.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <pki/authority.h>
#include <pki/crlplan.h>
#include <pki/note.h>
#include <service/bootstrap.h>
#include <signer/backend.h>
#include <signer/signer.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include "ceremony.h"
#include "issuer_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_S INT64_C(86400)
#define PASSPHRASE_MAX 1024
#define CERTIFICATE_ROOM 2048

/* One installation in the making. */
struct making {
    const struct init_request *request;
    char tag[ISSUER_TAG_N];
    char origin[ORIGIN_MAX + 1];
    struct secret passphrase, root_passphrase;
    struct key *root;
    struct key *keys[SIGNER_KEY_COUNT];
    struct blob certificates[PKI_ISSUER_COUNT];
    bool has_root_file;
};

static void making_free(struct making *making)
{
    secret_free(&making->passphrase);
    secret_free(&making->root_passphrase);
    key_free(making->root);
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        key_free(making->keys[i]);
    for (size_t i = 0; i < PKI_ISSUER_COUNT; i++)
        blob_free(&making->certificates[i]);
}

static struct init_path staged(const struct making *making, const char *name)
{
    return init_path("%s/.init/%s", making->request->config->data, name);
}

/* ---- names and passphrases ----------------------------------------------------------------------
 */

static void make_names(struct making *making)
{
    issuer_make_tag(making->tag);
    snprintf(making->origin, sizeof(making->origin), "%.100s/troth-%s",
             making->request->config->server_names[0], making->tag);
}

static enum result read_passphrases(struct making *making, struct err *err)
{
    const struct init_request *request = making->request;
    const char *file = request->passphrase_file != NULL ? request->passphrase_file
                                                        : request->config->passphrase_file;

    TRY(secret_read_passphrase(file, SIGNER_CREDENTIAL, &making->passphrase, err));
    if (making->passphrase.n < PASSPHRASE_MIN)
        return err_set(err, E_KEY,
                       "the passphrase has %zu octets, wanted are %d: openssl rand -hex 24",
                       making->passphrase.n, PASSPHRASE_MIN);
    if (request->csr_only)
        return OK;
    if (request->root_passphrase_file != NULL)
        return secret_read_file(request->root_passphrase_file, PASSPHRASE_MAX,
                                &making->root_passphrase, err);
    if (!request->lab)
        return err_set(err, E_USAGE,
                       "the root's key wants a passphrase of its own: "
                       "--root-passphrase-file");
    return secret_copy(secret_bytes(&making->passphrase), &making->root_passphrase, err);
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

static enum result make_keys(struct making *making, struct err *err)
{
    TRY(folder_ensure(staged(making, "signer").text, 0700, err));
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++) {
        enum signer_key which = (enum signer_key)i;
        struct init_path path =
            init_path("%s/%s.pem", staged(making, "signer").text, signer_key_name(which));
        enum key_kind kind = signer_key_kind(which);
        if (kind == KEY_NONE)
            kind = making->request->issuer_kind;
        TRY(key_generate(kind, &making->keys[i], err));
        TRY(key_store(making->keys[i], &making->passphrase, KEY_COST_ONLINE, path.text, err));
    }
    struct init_path origin = staged(making, "signer/origin");
    TRY(file_write(origin.text, 0600, bytes_of(making->origin, strlen(making->origin)), err));
    return signer_begin_journal(staged(making, "signer/journal").text, err);
}

static struct key *key_of(const struct making *making, enum pki_issuer_kind kind)
{
    switch (kind) {
    case PKI_ISSUER_ROOT:
        return making->root;
    case PKI_ISSUER_IDEVID:
        return making->keys[SIGNER_KEY_IDEVID];
    case PKI_ISSUER_LDEVID:
        return making->keys[SIGNER_KEY_LDEVID];
    case PKI_ISSUER_OPERATIONS:
        return making->keys[SIGNER_KEY_OPERATIONS];
    case PKI_ISSUER_NONE:
    case PKI_ISSUER_COUNT:
        break;
    }
    return NULL;
}

/* ---- certificates -------------------------------------------------------------------------------
 */

static enum result sign_with_root(struct making *making, struct buf *tbs, struct blob *ret,
                                  struct err *err)
{
    return issuer_sign_tbs(making->root, buf_bytes(tbs), ret, err);
}

static enum result make_certificate(struct making *making, enum pki_issuer_kind kind,
                                    const struct pki_issuer *parent, struct err *err)
{
    const struct config *config = making->request->config;
    struct common_name name = issuer_common_name(kind, making->tag);
    uint8_t serial[AUTHORITY_SERIAL_N], room[CERTIFICATE_ROOM];
    struct buf tbs = buf_over(room, sizeof(room));
    int64_t from_s = making->request->now_s - DAY_S; /* leaves may be backdated */

    issuer_make_serial(serial);
    struct authority authority = {
        .kind = kind,
        .common_name = bytes_of(name.text, strlen(name.text)),
        .serial = bytes_of(serial, sizeof(serial)),
        .spki = key_spki(key_of(making, kind)),
        .not_before_s = from_s,
        .not_after_s = from_s + (parent == NULL ? ROOT_VALIDITY_S : ISSUER_VALIDITY_S)};
    TRY(authority_build_tbs(&authority, parent,
                            bytes_of(config->public_url, strlen(config->public_url)), &tbs, err));
    return sign_with_root(making, &tbs, &making->certificates[kind], err);
}

static enum result write_certificate(struct making *making, enum pki_issuer_kind kind,
                                     struct err *err)
{
    struct bytes der = blob_bytes(&making->certificates[kind]);
    struct init_path ca = init_path("%s/%s.cer", staged(making, "ca").text, issuer_name(kind));
    struct init_path own = init_path("%s/%s.cer", staged(making, "signer").text, issuer_name(kind));

    TRY(file_write(ca.text, 0644, der, err));
    TRY(file_write(own.text, 0600, der, err));
    return publish_authority(making->request->config, kind, der, err);
}

static enum result write_certificates(struct making *making, struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};

    TRY(folder_ensure(staged(making, "ca").text, 0755, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(write_certificate(making, kind, err));
    TRY(pem_write(blob_bytes(&making->certificates[PKI_ISSUER_ROOT]), PEM_CERTIFICATE, &pem, err));
    return file_write(staged(making, "ca/root.pem").text, 0644, blob_bytes(&pem), err);
}

/* ---- what is public -----------------------------------------------------------------------------
 */

static enum result write_root_crl(struct making *making, const struct pki_issuer *root,
                                  uint64_t number, struct err *err)
{
    CLEANUP(blob_free) struct blob crl = {0};
    const char *public_files = making->request->config->public_files;
    uint8_t room[CERTIFICATE_ROOM];
    struct buf tbs = buf_over(room, sizeof(room));
    struct crl_name current = crl_file_name((struct crl_shard){.issuer = PKI_ISSUER_ROOT});

    TRY(root_crl_build_tbs(root, making->request->now_s - DAY_S, number, &tbs, err));
    TRY(sign_with_root(making, &tbs, &crl, err));
    if (number == 1)
        TRY(file_write(init_path("%s/crl/%s", public_files, current.text).text, 0644,
                       blob_bytes(&crl), err));
    struct init_path path =
        init_path("%s/crl/root-%llu.crl", public_files, (unsigned long long)number);
    return file_write(path.text, 0644, blob_bytes(&crl), err);
}

static enum result write_log_keys(struct making *making, struct err *err)
{
    uint8_t room[1024];
    struct buf lines = buf_over(room, sizeof(room));
    static const enum signer_key which[] = {SIGNER_KEY_CHECKPOINT_ED25519,
                                            SIGNER_KEY_CHECKPOINT_ES256};

    for (size_t i = 0; i < LENGTH_OF(which); i++) {
        const struct key *key = making->keys[which[i]];
        note_put_vkey(&lines, &(struct note_signer){
                                  .origin = bytes_of(making->origin, strlen(making->origin)),
                                  .alg = key_sig_alg(key),
                                  .public_key = key_point(key)});
    }
    struct init_path path = init_path("%s/checkpoint-keys", making->request->config->public_files);
    return file_write(path.text, 0644, buf_bytes(&lines), err);
}

/* ---- the root -----------------------------------------------------------------------------------
 */

static enum result make_root(struct making *making, struct err *err)
{
    struct pki_issuer root;

    TRY(key_generate(making->request->root_kind, &making->root, err));
    TRY(make_certificate(making, PKI_ISSUER_ROOT, NULL, err));
    TRY(pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT,
                        blob_bytes(&making->certificates[PKI_ISSUER_ROOT]), &root, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
        TRY(make_certificate(making, kind, &root, err));
    for (uint64_t number = 1; number <= ROOT_CRL_COUNT; number++)
        TRY(write_root_crl(making, &root, number, err));
    return write_certificates(making, err);
}

/* Where the root's key goes. In the lab it is among the data. */
static struct init_path root_file(const struct init_request *request)
{
    char *here = request->lab ? NULL : realpath(".", NULL);
    struct init_path path;

    if (request->lab)
        path = init_path("%s/root.pem", request->config->data);
    else if (request->root_out[0] == '/' || here == NULL)
        path = init_path("%s", request->root_out);
    else
        path = init_path("%s/%s", here, request->root_out);
    free(here);
    return path;
}

static enum result write_root_key(struct making *making, struct err *err)
{
    struct init_path path = root_file(making->request);

    TRY(file_write(staged(making, "signer/root-file").text, 0600,
                   bytes_of(path.text, strlen(path.text)), err));
    TRY(root_file_write(making->root, &making->root_passphrase, PKI_ISSUER_ROOT,
                        blob_bytes(&making->certificates[PKI_ISSUER_ROOT]), path.text, err));
    making->has_root_file = true;
    return OK;
}

/* ---- requests for a root elsewhere ----------------------------------------------------------- */

static enum result write_request(struct making *making, enum pki_issuer_kind kind, struct err *err)
{
    struct common_name name = issuer_common_name(kind, making->tag);
    struct init_path path = init_path("%s/%s.csr", staged(making, "csr").text, issuer_name(kind));

    return issuer_write_request(key_of(making, kind), &name, path.text, err);
}

static enum result write_requests(struct making *making, struct err *err)
{
    TRY(folder_ensure(staged(making, "csr").text, 0755, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
        TRY(write_request(making, kind, err));
    return OK;
}

/* ---- the record of it -------------------------------------------------------------------------
 */

static const char *how_of(const struct init_request *request)
{
    if (request->csr_only)
        return "requests for a root that exists elsewhere";
    return request->lab ? "root made here; --lab: its key stays with the data, not for use"
                        : "root made here";
}

/* The root, if it was made here, and the online keys. `places` are their files, by that order. */
static void list_keys(const struct making *making, struct init_path *places, struct ceremony *to)
{
    if (making->root != NULL) {
        places[to->n] = root_file(making->request);
        to->keys[to->n] = (struct ceremony_key){.name = issuer_name(PKI_ISSUER_ROOT),
                                                .kind = key_kind(making->root),
                                                .spki = key_spki(making->root),
                                                .cost = KEY_COST_OFFLINE};
        to->n++;
    }
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++) {
        const char *name = signer_key_name((enum signer_key)i);
        places[to->n] = init_path("%s/signer/%s.pem", making->request->config->data, name);
        to->keys[to->n++] = (struct ceremony_key){.name = name,
                                                  .kind = key_kind(making->keys[i]),
                                                  .spki = key_spki(making->keys[i]),
                                                  .cost = KEY_COST_ONLINE};
    }
}

/* The issuers' certificates, by the key's name. */
static void list_certificates(const struct making *making, struct ceremony *to)
{
    for (size_t i = 0; i < to->n; i++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
            if (strcmp(to->keys[i].name, issuer_name(kind)) == 0)
                to->keys[i].certificate = blob_bytes(&making->certificates[kind]);
}

static enum result write_ceremony(const struct making *making, const char *folder, struct err *err)
{
    uint8_t room[CEREMONY_MAX];
    struct buf text = buf_over(room, sizeof(room));
    struct init_path places[SIGNER_KEY_COUNT + 1];
    struct ceremony ceremony = {
        .origin = making->origin, .how = how_of(making->request), .made_s = making->request->now_s};

    list_keys(making, places, &ceremony);
    list_certificates(making, &ceremony);
    for (size_t i = 0; i < ceremony.n; i++)
        ceremony.keys[i].place = places[i].text;
    ceremony_write(&text, &ceremony);
    if (!buf_ok(&text))
        return err_set(err, E_BUG, "no room for the record of the ceremony");
    struct init_path path = init_path("%s/" CEREMONY_FILE, staged(making, folder).text);
    return file_write(path.text, 0644, buf_bytes(&text), err);
}

/* ---- altogether ------------------------------------------------------------------------------ */

static enum result make_all(struct making *making, struct err *err)
{
    TRY(make_keys(making, err));
    TRY(folder_ensure(staged(making, "store").text, 0700, err));
    TRY(publish_begin(making->request->config, err));
    TRY(write_log_keys(making, err));
    if (making->request->csr_only) {
        TRY(write_requests(making, err));
        return write_ceremony(making, "csr", err);
    }
    TRY(make_root(making, err));
    TRY(write_root_key(making, err));
    return write_ceremony(making, "ca", err);
}

enum result init_create(const struct init_request *request, struct err *err)
{
    CLEANUP(making_free) struct making making = {.request = request};
    static const char *const complete[] = {"store", "signer", "ca", NULL};
    static const char *const half[] = {"store", "signer", "csr", NULL};

    TRY(crypto_start(err));
    make_names(&making);
    TRY(read_passphrases(&making, err));
    TRY(staging_begin(request->config, err));
    enum result result = make_all(&making, err);
    if (result == OK)
        result = staging_end(request->config, request->csr_only ? half : complete, err);
    if (result == OK)
        return OK;
    staging_abandon(request->config);
    if (making.has_root_file)
        unlink(root_file(request).text);
    return result;
}
