#include "restore.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/role.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct restore_path restore_path(const char *format, ...)
{
    struct restore_path path;
    va_list list;
    va_start(list, format);
    vsnprintf(path.text, sizeof path.text, format, list);
    va_end(list);
    return path;
}

struct restore_path restore_store_file(const struct restore *restore, const char *suffix)
{
    return restore_path("%s/" ROLE_FOLDER_STORE "/" ROLE_FILE_STORE "%s", restore->config->data,
                        suffix);
}

/* ---- the copy ----------------------------------------------------------------------------------
 */

/* Best effort: what stays is in nobody's way. */
static void remove_copies(const struct restore *restore)
{
    for (size_t i = 0; i < LENGTH_OF(restore_beside); i++) {
        unlink(
            restore_path("%s%s", restore_store_file(restore, ".restoring").text, restore_beside[i])
                .text);
        unlink(
            restore_path("%s%s", restore_store_file(restore, ".restored").text, restore_beside[i])
                .text);
    }
}

static enum result check_last_note(struct store *store, const struct audit_keys *keys,
                                   struct restore *ret, struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    struct verify_checkpoint checkpoint;
    uint64_t size = 0;
    enum result result = store_last_note(store, &size, &note, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    TRY(audit_note_check(buf_bytes(&note), keys, "the backup's checkpoint", &checkpoint, err));
    ret->signed_size = checkpoint.size;
    memcpy(ret->signed_root, checkpoint.root, sizeof ret->signed_root);
    return OK;
}

enum result restore_verify(const char *folder, struct audit_keys *keys, struct store *store,
                           struct restore *ret, struct err *err)
{
    TRY(audit_keys_read(restore_path("%s/" BACKUP_PUBLIC "/" AUDIT_KEYS_FILE, folder).text, keys,
                        err));
    TRY(check_last_note(store, keys, ret, err));
    struct verify_checkpoint checkpoint = {.name = "the backup's checkpoint",
                                           .size = ret->signed_size};
    memcpy(checkpoint.root, ret->signed_root, sizeof checkpoint.root);
    const struct verify_wanted wanted = {&checkpoint, ret->signed_size != 0,
                                         audit_countersigner(keys)};
    TRY(ledger_verify(store, &sha256_for_merkle, &wanted, &ret->verified, err));
    return restore_check_files(folder, store, err);
}

/* Opened for writing: an older version's is migrated, here and not where it is kept. */
static enum result open_copy(struct restore *restore, struct err *err)
{
    struct restore_path copy = restore_store_file(restore, ".restoring");
    remove_copies(restore);
    TRY(folder_ensure(restore_path("%s/" ROLE_FOLDER_STORE, restore->config->data).text, 0700,
                      err));
    TRY(backup_copy_file(restore_path("%s/" BACKUP_DATABASE, restore->folder).text, copy.text,
                         err));
    TRY(store_open(copy.text, STORE_WRITE, &restore->store, err));
    return restore_verify(restore->folder, &restore->keys, restore->store, restore, err);
}

static enum result want_nothing(const char *path, struct err *err)
{
    if (!file_exists(path))
        return OK;
    return err_set(err, E_CONFLICT, "%s is there: this machine has an installation already", path);
}

enum result restore_place(const struct config *config, const char *folder, struct err *err)
{
    struct restore_path ca = restore_path("%s/ca", config->data);
    struct restore_path store = restore_path("%s/" ROLE_FOLDER_STORE, config->data);
    struct restore_path database = restore_path("%s/" ROLE_FILE_STORE, store.text);
    TRY(want_nothing(ca.text, err));
    TRY(want_nothing(database.text, err));
    TRY(folder_ensure(config->data, 0755, err));
    TRY(folder_ensure(store.text, 0700, err));
    TRY(backup_copy_file(restore_path("%s/" BACKUP_DATABASE, folder).text, database.text, err));
    TRY(backup_copy_tree(restore_path("%s/" BACKUP_PUBLIC, folder).text, config->public_files, NULL,
                         err));
    return backup_copy_tree(restore_path("%s/" BACKUP_CA, folder).text, ca.text, NULL, err);
}

/* ---- the signer's past -------------------------------------------------------------------------
 */

static enum result check_journal(const struct restore *restore, uint64_t known, struct err *err)
{
    const struct signer_facts *facts = &restore->facts;
    if (restore->journal_is_lost && facts->position != 0)
        return err_set(err, E_RESTORE,
                       "--journal-lost, but the signer's journal is here and has %" PRIu64
                       " records: go on without that option",
                       facts->position);
    if (!restore->journal_is_lost && facts->position < known)
        return err_set(
            err, E_RESTORE,
            "the journal here has %" PRIu64 " records, the backup knows of %" PRIu64
            ": it is an older one. Put the newest in its place, or move it away and go on "
            "with --journal-lost",
            facts->position, known);
    if (!facts->has_after_size ||
        memcmp(facts->after_root, restore->signed_root, sizeof facts->after_root) == 0)
        return OK;
    return err_set(err, E_RESTORE,
                   "the signer signed another root at %" PRIu64
                   " entries: this backup is of a history that a restore left behind",
                   restore->signed_size);
}

/* The keys that are here made the backup's checkpoint. */
static enum result check_installation(const struct restore *restore, struct err *err)
{
    uint8_t room[AUDIT_KEYS_MAX];
    struct buf ours = buf_over(room, sizeof room);
    struct bytes theirs = text_bytes(restore->keys.text);
    signer_past_log_keys(restore->past, &ours);
    if (!buf_ok(&ours) || !bytes_equal(bytes_slice(theirs, 0, ours.n), buf_bytes(&ours)))
        return err_set(err, E_RESTORE,
                       "the backup is of installation %.*s, the keys here are not its keys",
                       (int)restore->keys.signers[0].origin.n,
                       (const char *)restore->keys.signers[0].origin.p);
    return OK;
}

static enum result nothing_to_go_on_with(const struct restore *restore, struct err *err)
{
    return err_set(
        err, E_RESTORE,
        "%s/" ROLE_FOLDER_SIGNER ": keys or journal are not there. Bring the keys back: on "
        "a new machine trothd restore --place, then trothd keys import. When the journal "
        "is lost, go on with --journal-lost",
        restore->config->data);
}

static enum result open_past(struct restore *restore, struct err *err)
{
    int64_t known = 0;
    enum result result = store_meta(restore->store, "journal", &known, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    result = signer_past_open(restore->config, restore->journal_is_lost, &restore->past, err);
    if (result == R_NOT_FOUND)
        return nothing_to_go_on_with(restore, err);
    TRY(result);
    TRY(check_installation(restore, err));
    TRY(signer_past_facts(restore->past, (uint64_t)known, restore->signed_size, &restore->facts,
                          err));
    return check_journal(restore, (uint64_t)known, err);
}

/* ---- who approves ------------------------------------------------------------------------------
 */

struct people {
    struct store *store;
    struct signer_approver list[64];
    size_t n;
};

static enum result add_approver(void *ctx, const struct operator_row *row, struct err *err)
{
    struct people *people = ctx;
    struct certificate certificate = {0};
    uint8_t room[LIMIT_CERTIFICATE_BYTES];
    struct buf der = buf_over(room, sizeof room);
    struct x509_cert cert;
    const char *why = NULL;
    if (!row->is_approver || row->state != 1 || people->n == LENGTH_OF(people->list))
        return OK;
    TRY(store_certificate_with_key(people->store, row->spki, -1, &certificate, err));
    TRY(store_der(people->store, certificate.id, &der, err));
    if (!x509_read_cert(buf_bytes(&der), &cert, &why) || cert.key.point.n != 65)
        return err_set(err, E_STORE_CORRUPT, "approver %lld has a key that approves nothing",
                       (long long)row->id);
    struct signer_approver *to = &people->list[people->n++];
    to->person = row->person;
    memcpy(to->spki, row->spki, sizeof to->spki);
    memcpy(to->point, cert.key.point.p, sizeof to->point);
    return OK;
}

/* A new journal knows nobody: those whom the audited backup has, by entries that the lost journal's
 * signer countersigned. */
static enum result seed_approvers(struct restore *restore, struct err *err)
{
    const struct filter all = {.limit = UINT32_MAX};
    struct people people = {.store = restore->store};
    if (!restore->journal_is_lost)
        return OK;
    TRY(store_operators(restore->store, &all, add_approver, &people, err));
    return signer_past_seed(restore->past, people.list, people.n, &restore->facts, err);
}

enum result restore_open(struct restore *restore, struct err *err)
{
    if (!file_exists(restore_path("%s/" ROLE_FOLDER_SIGNER, restore->config->data).text))
        return nothing_to_go_on_with(restore, err);
    TRY(open_copy(restore, err));
    TRY(open_past(restore, err));
    TRY(seed_approvers(restore, err));
    restore->has_service = true;
    return service_open(&restore->service, restore->store, restore->config, restore->now_s, err);
}

void restore_close(struct restore *restore)
{
    if (restore->has_service)
        service_close(&restore->service);
    store_close(restore->store);
    signer_past_close(restore->past);
    if (restore->config != NULL)
        remove_copies(restore);
    free(restore->config);
}
