/* A key export against the installation that is here, and into it. */
#include "key_export.h"

#include "audit.h"
#include "init_files.h"
#include "lines.h"

#include <base/file.h>
#include <base/limits.h>
#include <ipc/role.h>
#include <service/bootstrap.h>

/* ---- is it the same? ------------------------------------------------------------------------- */

static enum result compare_certificate(const char *path, struct bytes theirs, struct err *err)
{
    CLEANUP(blob_free) struct blob ours = {0};
    TRY(file_read(path, LIMIT_CERTIFICATE_BYTES, &ours, err));
    if (!bytes_equal(blob_bytes(&ours), theirs))
        return err_set(err, E_EXPORT_OTHER, "%s has SHA-256 %s, that of the export %s", path,
                       lines_digest_of(blob_bytes(&ours)).text, lines_digest_of(theirs).text);
    return OK;
}

static enum result compare_origin(const struct key_set *set, struct bytes ours, const char *path,
                                  struct err *err)
{
    if (bytes_equal(ours, set->file.origin))
        return OK;
    return err_set(err, E_EXPORT_OTHER, "%s: the log is %s, that of the export %s", path,
                   err_value(ours).text, err_value(set->file.origin).text);
}

/* The log's verifier keys, as they are public. */
static enum result compare_log(const struct key_set *set, const char *path, struct err *err)
{
    struct audit_keys keys;
    const struct bytes wanted[] = {key_point(set->keys[SIGNER_KEY_CHECKPOINT_ED25519]),
                                   key_point(set->keys[SIGNER_KEY_CHECKPOINT_ES256])};
    TRY(audit_keys_read(path, &keys, err));
    TRY(compare_origin(set, keys.signers[0].origin, path, err));
    for (size_t i = 0; i < LENGTH_OF(wanted); i++)
        if (!bytes_equal(keys.signers[i].public_key, wanted[i]))
            return err_set(err, E_EXPORT_OTHER, "%s: line %zu is another key than the export's",
                           path, i + 1);
    return OK;
}

static bool has_later(const struct key_set *set, enum pki_issuer_kind kind, uint32_t number)
{
    for (size_t i = 0; i < set->file.later_n; i++)
        if (set->file.later[i].kind == kind && set->file.later[i].number == number)
            return true;
    return false;
}

/* An export from before an issuer followed lacks what issues now. */
static enum result compare_later(const struct key_set *set, const struct config *config,
                                 struct err *err)
{
    struct init_path folder = init_path("%s/" ROLE_FOLDER_SIGNER, config->data);
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++)
        for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
            if (signer_has_issuer(folder.text, kind, number) && !has_later(set, kind, number))
                return err_set(err, E_EXPORT_OTHER, "%s/%s.cer is there, the export is older",
                               folder.text, signer_issuer_name(kind, number).text);
    return OK;
}

enum result key_set_compare(const struct key_set *set, const struct config *config, bool *ret_there,
                            struct err *err)
{
    struct init_path log = init_path("%s/" AUDIT_KEYS_FILE, config->public_files);
    *ret_there = file_exists(init_path("%s/ca", config->data).text);
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; *ret_there && kind < PKI_ISSUER_COUNT;
         kind++) {
        struct init_path path = init_path("%s/ca/%s.cer", config->data, issuer_name(kind));
        TRY(compare_certificate(path.text, blob_bytes(&set->certificates[kind]), err));
    }
    TRY(compare_later(set, config, err));
    return *ret_there && file_exists(log.text) ? compare_log(set, log.text, err) : OK;
}

/* ---- into place ------------------------------------------------------------------------------ */

struct importing {
    const struct key_set *set;
    const char *data;
    const struct secret *online;
    bool dry;
    size_t written;
};

/* A key that is there is never replaced. */
static enum result import_key(struct importing *to, const char *name, const struct key *key,
                              struct err *err)
{
    CLEANUP(key_freep) struct key *there = NULL;
    struct init_path path = init_path("%s/" ROLE_FOLDER_SIGNER "/%s.pem", to->data, name);
    if (!file_exists(path.text)) {
        to->written++;
        return to->dry ? OK : key_store(key, to->online, KEY_COST_ONLINE, path.text, err);
    }
    TRY(key_load(path.text, to->online, &there, err));
    if (!bytes_equal(key_spki(there), key_spki(key)))
        return err_set(err, E_EXPORT_OTHER, "%s is there and another key", path.text);
    return OK;
}

static enum result import_certificate(const struct importing *to, const char *name,
                                      struct bytes certificate, struct err *err)
{
    struct init_path path = init_path("%s/" ROLE_FOLDER_SIGNER "/%s.cer", to->data, name);
    if (file_exists(path.text))
        return compare_certificate(path.text, certificate, err);
    return to->dry ? OK : file_write(path.text, 0600, certificate, err);
}

static enum result import_later(struct importing *to, size_t i, struct err *err)
{
    const struct key_later *later = &to->set->file.later[i];
    struct signer_name name = signer_issuer_name(later->kind, later->number);
    TRY(import_key(to, name.text, to->set->later_keys[i], err));
    return import_certificate(to, name.text, blob_bytes(&to->set->later_certificates[i]), err);
}

static enum result import_origin(const struct importing *to, struct err *err)
{
    CLEANUP(blob_free) struct blob there = {0};
    struct init_path path = init_path("%s/" ROLE_FOLDER_SIGNER "/origin", to->data);
    if (!file_exists(path.text))
        return to->dry ? OK : file_write(path.text, 0600, to->set->file.origin, err);
    TRY(file_read(path.text, 256, &there, err));
    return compare_origin(to->set, blob_bytes(&there), path.text, err);
}

static enum result import_record(const struct importing *to, struct err *err)
{
    struct init_path path = init_path("%s/ca/" CEREMONY_FILE, to->data);
    if (to->dry || to->set->record.n == 0 || file_exists(path.text))
        return OK;
    return file_write(path.text, 0644, blob_bytes(&to->set->record), err);
}

static enum result import_all(struct importing *to, struct err *err)
{
    for (size_t i = 0; i < SIGNER_KEY_COUNT; i++)
        TRY(import_key(to, signer_key_name((enum signer_key)i), to->set->keys[i], err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(import_certificate(to, issuer_name(kind), blob_bytes(&to->set->certificates[kind]),
                               err));
    for (size_t i = 0; i < to->set->file.later_n; i++)
        TRY(import_later(to, i, err));
    TRY(import_origin(to, err));
    return import_record(to, err);
}

enum result key_set_import(const struct key_set *set, const struct config *config,
                           const struct secret *online, bool dry, size_t *ret_written,
                           struct err *err)
{
    struct importing to = {.set = set, .data = config->data, .online = online, .dry = true};
    struct init_path database =
        init_path("%s/" ROLE_FOLDER_STORE "/" ROLE_FILE_STORE, config->data);
    bool is_there = false;
    TRY(key_set_compare(set, config, &is_there, err));
    if (!is_there || !file_exists(database.text))
        return err_set(err, E_EXPORT_PLACE, "%s is not there",
                       is_there ? database.text : "data/ca");
    TRY(import_all(&to, err)); /* whatever is there fits, before anything is written */
    *ret_written = to.written;
    if (dry)
        return OK;
    TRY(folder_ensure(init_path("%s/" ROLE_FOLDER_SIGNER, config->data).text, 0700, err));
    to.dry = false;
    return import_all(&to, err);
}
