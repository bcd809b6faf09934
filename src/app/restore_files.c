/* The files of a backup beside the database: which there are, and what each must be. */
#include "lines.h"
#include "restore.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <pki/authority.h>
#include <service/bootstrap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRL_FILE_MAX (8 << 20)

enum file_kind {
    FILE_UNKNOWN = 0,
    FILE_CERTIFICATE, /* DER of an issuer's row */
    FILE_ROOT_PEM,
    FILE_CEREMONY,
    FILE_CRL,       /* of a shard, or what a root has at this time */
    FILE_AHEAD_CRL, /* of a root, signed when its key was at hand */
    FILE_CHECKPOINT,
    FILE_LOG_KEYS,
};

struct known {
    enum file_kind kind;
    uint32_t issuer; /* row that it hangs on; 0: none */
    uint64_t number; /* of a CRL that was signed ahead */
};

/* ---- names -------------------------------------------------------------------------------------
 * A number is read and written again: what then is another name is none of ours. */

static struct known known_in_ca(const char *name)
{
    if (strcmp(name, CEREMONY_FILE) == 0)
        return (struct known){.kind = FILE_CEREMONY};
    if (strcmp(name, "root.pem") == 0)
        return (struct known){FILE_ROOT_PEM, PKI_ISSUER_ROOT, 0};
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        if (strcmp(name, restore_path("%s.cer", issuer_name(kind)).text) == 0)
            return (struct known){FILE_CERTIFICATE, (uint32_t)kind, 0};
    return (struct known){0};
}

static struct known known_certificate(const char *name)
{
    uint32_t issuer = (uint32_t)strtoul(name, NULL, 10);
    bool is_ours = strcmp(name, restore_path("%u.cer", issuer).text) == 0;
    return is_ours ? (struct known){FILE_CERTIFICATE, issuer, 0} : (struct known){0};
}

static struct known known_shard(const char *name)
{
    char *at = NULL;
    struct crl_shard shard = {.issuer = (uint32_t)strtoul(name, &at, 10)};
    at += *at == '-';
    shard.expiry_class = (uint8_t)strtoul(at, &at, 10);
    at += *at == '-';
    shard.part = (uint32_t)strtoul(at, NULL, 10);
    bool is_delta = strcmp(name, crl_delta_name(shard).text) == 0;
    bool is_ours = is_delta || strcmp(name, crl_file_name(shard).text) == 0;
    return is_ours ? (struct known){FILE_CRL, shard.issuer, is_delta} : (struct known){0};
}

static struct known known_ahead(const char *name, const char *numbers)
{
    char *at = NULL;
    struct known known = {FILE_AHEAD_CRL, PKI_ISSUER_ROOT, strtoul(numbers, &at, 10)};
    if (*at == '-') {
        known.issuer = (uint32_t)known.number;
        known.number = strtoul(at + 1, NULL, 10);
    }
    bool is_ours = strcmp(name, root_crl_file_name(known.issuer, known.number).text) == 0;
    return is_ours ? known : (struct known){0};
}

static struct known known_crl(const char *name)
{
    static const char ahead[] = "root-";
    if (strncmp(name, ahead, sizeof ahead - 1) == 0)
        return known_ahead(name, name + sizeof ahead - 1);
    return known_shard(name);
}

static struct known known_in_public(const char *below)
{
    if (strcmp(below, AUDIT_NOTE_FILE) == 0)
        return (struct known){.kind = FILE_CHECKPOINT};
    if (strcmp(below, AUDIT_KEYS_FILE) == 0)
        return (struct known){.kind = FILE_LOG_KEYS};
    if (strncmp(below, "ca/", 3) == 0)
        return known_certificate(below + 3);
    if (strncmp(below, "crl/", 4) == 0)
        return known_crl(below + 4);
    return (struct known){0};
}

/* ---- what is known ------------------------------------------------------------------------------
 */

static bool has_row(struct store *store, uint32_t issuer)
{
    struct authority_row row;
    struct err unused = {0};
    return issuer == 0 || store_issuer(store, issuer, &row, &unused) == OK;
}

bool restore_knows_ca(void *store, const char *below)
{
    struct known known = known_in_ca(below);
    return known.kind != FILE_UNKNOWN && has_row(store, known.issuer);
}

bool restore_knows_public(void *store, const char *below)
{
    struct known known = known_in_public(below);
    return known.kind != FILE_UNKNOWN && has_row(store, known.issuer);
}

/* ---- what each must be --------------------------------------------------------------------------
 */

struct checking {
    struct store *store;
    struct audit_keys keys;
    struct known (*known_of)(const char *below);
};

static enum result find_row(const struct checking *checking, const char *path, uint32_t issuer,
                            struct authority_row *ret, struct err *err)
{
    enum result result = store_issuer(checking->store, issuer, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_BACKUP, "%s: of issuer %u, which the database does not have", path,
                       issuer);
    return result;
}

static enum result check_certificate(const struct checking *checking, const char *path,
                                     const struct known *known, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    CLEANUP(blob_free) struct blob der = {0};
    struct authority_row row;
    TRY(find_row(checking, path, known->issuer, &row, err));
    TRY(file_read(path, 4 * LIMIT_CERTIFICATE_BYTES, &file, err));
    struct bytes wanted = bytes_of(row.certificate, row.n), seen = blob_bytes(&file);
    if (known->kind == FILE_ROOT_PEM &&
        pem_read(blob_bytes(&file), PEM_CERTIFICATE, &der, err) == OK)
        seen = blob_bytes(&der);
    if (bytes_equal(seen, wanted))
        return OK;
    return err_set(err, E_BACKUP,
                   "%s: not the certificate of issuer %u in the database: SHA-256 %s, wanted %s",
                   path, known->issuer, lines_digest_of(seen).text, lines_digest_of(wanted).text);
}

static enum result check_ceremony(const struct checking *checking, const char *path,
                                  struct err *err)
{
    CLEANUP(blob_free) struct blob record = {0};
    uint8_t wanted[SHA256_N], digest[SHA256_N];
    enum result result = audit_ceremony_digest(checking->store, wanted, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_BACKUP, "%s: the log's first entry has no digest of a record", path);
    TRY(result);
    TRY(file_read(path, CEREMONY_MAX, &record, err));
    sha256(blob_bytes(&record), digest);
    if (memcmp(digest, wanted, sizeof digest) == 0)
        return OK;
    return err_set(err, E_BACKUP, "%s: SHA-256 %s, which is not the one in the log's first entry",
                   path, lines_digest_of(blob_bytes(&record)).text);
}

/* The list's own name of itself, so that none stands in another's place; a root has one list. */
static bool is_at_its_place(const struct x509_crl *crl, const struct known *known, int kind,
                            const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    int n = (int)(strlen(name) - (crl->is_delta ? strlen("-delta.crl") : strlen(".crl")));
    const struct restore_path wanted = restore_path("/crl/%.*s.crl", n, name);
    struct bytes end = text_bytes(wanted.text);
    if (known->kind == FILE_AHEAD_CRL)
        return x509_crl_number(crl) == known->number && !crl->is_delta;
    if (crl->is_delta != (known->number == 1)) /* of a shard's file: known_shard() */
        return false;
    if (kind == PKI_ISSUER_ROOT)
        return true;
    struct bytes url = crl->idp_uri;
    return crl->has_idp && url.n >= end.n &&
           bytes_equal(bytes_slice(url, url.n - end.n, url.n), end);
}

static enum result check_crl(const struct checking *checking, const char *path,
                             const struct known *known, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct authority_row row;
    struct x509_cert issuer;
    struct x509_crl crl;
    const char *why = NULL;
    TRY(find_row(checking, path, known->issuer, &row, err));
    TRY(file_read(path, CRL_FILE_MAX, &file, err));
    if (!x509_read_cert(bytes_of(row.certificate, row.n), &issuer, &why))
        return err_set(err, E_STORE_CORRUPT, "issuer %u: %s", known->issuer, why);
    if (!x509_read_crl(blob_bytes(&file), &crl, &why))
        return err_set(err, E_BACKUP, "%s: %s: wanted is a CRL of issuer %u", path, why,
                       known->issuer);
    if (verify_signature(&issuer.key, crl.sig_alg, crl.tbs, crl.signature, err) != OK)
        return err_set(err, E_BACKUP, "%s: not signed by the key of issuer %u in the database",
                       path, known->issuer);
    if (!is_at_its_place(&crl, known, row.kind, path))
        return err_set(err, E_BACKUP,
                       "%s: a CRL of issuer %u that has another name by what it says", path,
                       known->issuer);
    return OK;
}

static enum result check_note(const struct checking *checking, const char *path, struct err *err)
{
    CLEANUP(blob_free) struct blob note = {0};
    struct verify_checkpoint checkpoint;
    struct err why = {0};
    TRY(file_read(path, NOTE_MAX, &note, err));
    if (audit_note_check(blob_bytes(&note), &checking->keys, path, &checkpoint, &why) != OK)
        return err_set(err, E_BACKUP, "%s: wanted is one signed by the keys in " AUDIT_KEYS_FILE,
                       why.text);
    return OK;
}

static enum result check_file(void *ctx, const char *path, const char *below, struct err *err)
{
    const struct checking *checking = ctx;
    struct known known = checking->known_of(below);
    switch (known.kind) {
    case FILE_UNKNOWN:
        return err_set(err, E_BACKUP, "%s: no file of a backup has this name; wanted is none",
                       path);
    case FILE_CERTIFICATE:
    case FILE_ROOT_PEM:
        return check_certificate(checking, path, &known, err);
    case FILE_CEREMONY:
        return check_ceremony(checking, path, err);
    case FILE_CRL:
    case FILE_AHEAD_CRL:
        return check_crl(checking, path, &known, err);
    case FILE_CHECKPOINT:
        return check_note(checking, path, err);
    case FILE_LOG_KEYS: /* read before */
        break;
    }
    return OK;
}

static enum result want(const struct restore_path path, struct err *err)
{
    return file_exists(path.text) ? OK : err_set(err, E_BACKUP, "%s: it is missing", path.text);
}

/* Without these no server starts, or none that says what this one said. */
static enum result want_files(const char *folder, struct store *store, struct err *err)
{
    uint8_t digest[SHA256_N];
    struct err unused = {0};
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(want(restore_path("%s/" BACKUP_CA "/%s.cer", folder, issuer_name(kind)), err));
    if (audit_ceremony_digest(store, digest, &unused) == OK)
        TRY(want(restore_path("%s/" BACKUP_CA "/" CEREMONY_FILE, folder), err));
    return want(restore_path("%s/" BACKUP_CA "/root.pem", folder), err);
}

enum result restore_check_files(const char *folder, struct store *store, struct err *err)
{
    struct checking checking = {.store = store, .known_of = known_in_ca};
    struct restore_path in_public = restore_path("%s/" BACKUP_PUBLIC, folder);
    TRY(want_files(folder, store, err));
    TRY(audit_keys_read(restore_path("%s/" AUDIT_KEYS_FILE, in_public.text).text, &checking.keys,
                        err));
    TRY(backup_each_file(restore_path("%s/" BACKUP_CA, folder).text, check_file, &checking, err));
    checking.known_of = known_in_public;
    return backup_each_file(in_public.text, check_file, &checking, err);
}
