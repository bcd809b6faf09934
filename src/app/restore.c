#include "restore.h"

#include "lines.h"
#include "users.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/role.h>
#include <ledger/ledger.h>
#include <wire/hex.h>

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
    rmdir(restore_path("%s/" ROLE_FOLDER_STORE, restore->config->data).text); /* if we made it */
}

static bool read_hashes(struct bytes text, struct merkle_proof *ret)
{
    for (ret->n = 0; text.n != 0 && ret->n < MERKLE_PROOF_MAX; ret->n++) {
        struct buf hash = buf_over(ret->hash[ret->n], MERKLE_HASH_N);
        if (!hex_decode(&hash, lines_take(&text)) || hash.n != MERKLE_HASH_N)
            return false;
    }
    return text.n == 0;
}

/* RFC 9162 2.1.4.2: every entry of the backup is one that the checkpoint covers. */
static enum result check_covered(const char *folder, const struct restore *restore, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct merkle_proof proof;
    const struct merkle_consistency claim = {.old_size = restore->verified.entries,
                                             .new_size = restore->signed_size,
                                             .old_root = restore->verified.root,
                                             .new_root = restore->signed_root};
    TRY(file_read(restore_path("%s/" BACKUP_PROOF, folder).text, 8192, &file, err));
    bool is_good = read_hashes(blob_bytes(&file), &proof);
    if (is_good && claim.old_size == claim.new_size)
        is_good = memcmp(claim.old_root, claim.new_root, MERKLE_HASH_N) == 0;
    else if (is_good)
        is_good = claim.old_size < claim.new_size &&
                  merkle_verify_consistency(&sha256_for_merkle, &claim, &proof);
    if (!is_good)
        return err_set(err, E_BACKUP,
                       "its checkpoint, of %" PRIu64 " entries, does not cover the %" PRIu64
                       " in the database: some are nobody's word",
                       restore->signed_size, restore->verified.entries);
    return OK;
}

static enum result read_checkpoint(const char *folder, const struct audit_keys *keys,
                                   struct restore *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob note = {0};
    struct verify_checkpoint checkpoint;
    TRY(file_read(restore_path("%s/" BACKUP_CHECKPOINT, folder).text, NOTE_MAX, &note, err));
    TRY(audit_note_check(blob_bytes(&note), keys, "the backup's checkpoint", &checkpoint, err));
    ret->signed_size = checkpoint.size;
    memcpy(ret->signed_root, checkpoint.root, sizeof ret->signed_root);
    return OK;
}

enum result restore_verify(const char *folder, struct audit_keys *keys, struct store *store,
                           struct restore *ret, struct err *err)
{
    const struct verify_wanted wanted = {NULL, 0, audit_countersigner(keys)};
    TRY(audit_keys_read(restore_path("%s/" BACKUP_PUBLIC "/" AUDIT_KEYS_FILE, folder).text, keys,
                        err));
    TRY(read_checkpoint(folder, keys, ret, err));
    TRY(ledger_verify(store, &sha256_for_merkle, &wanted, &ret->verified, err));
    TRY(check_covered(folder, ret, err));
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

/* What the copy knows of a journal. */
struct known {
    int64_t position, identity, epoch;
};

static enum result read_known(struct store *store, struct known *ret, struct err *err)
{
    *ret = (struct known){0};
    enum result result = store_meta(store, SERVICE_META_JOURNAL, &ret->position, err);
    if (result == OK || result == R_NOT_FOUND)
        result = store_meta(store, SERVICE_META_JOURNAL_ID, &ret->identity, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    return store_max_id(store, TABLE_EPOCH, &ret->epoch, err);
}

static enum result check_journal(const struct restore *restore, const struct known *known,
                                 struct err *err)
{
    const struct signer_facts *facts = &restore->facts;
    if (restore->journal_is_lost && facts->is_used)
        return err_set(err, E_RESTORE,
                       "--journal-lost, but the signer's journal is here and has %" PRIu64
                       " records: go on without that option",
                       facts->position);
    if (restore->journal_is_lost)
        return OK;
    bool is_older = restore->is_other_journal ? facts->epoch <= (uint64_t)known->epoch
                                              : facts->position < (uint64_t)known->position;
    if (is_older)
        return err_set(
            err, E_RESTORE,
            "the journal here has %" PRIu64 " records and epoch %" PRIu64
            ", the backup knows of %" PRId64 " and epoch %" PRId64
            ": it is an older one, or another's. Put the newest in its place; when that is "
            "lost, move this one away and go on with --journal-lost",
            facts->position, facts->epoch, known->position, known->epoch);
    return OK;
}

static enum result check_history(struct restore *restore, struct err *err)
{
    struct signer_tree tree = {.size = restore->signed_size, .entries = restore->verified.entries};
    bool is_signed = false;
    memcpy(tree.root, restore->signed_root, sizeof tree.root);
    if (restore->journal_is_lost || restore->is_other_journal)
        return OK;
    TRY(signer_past_has_signed(restore->past, &tree, &is_signed, err));
    if (is_signed)
        return OK;
    return err_set(err, E_RESTORE,
                   "the journal does not know the checkpoint of %" PRIu64
                   " entries, or a restore left its history behind: this backup is not of this one",
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
    enum result result =
        signer_past_open(restore->config, restore->journal_is_lost, &restore->past, err);
    return result == R_NOT_FOUND ? nothing_to_go_on_with(restore, err) : result;
}

static enum result compare_past(struct restore *restore, struct err *err)
{
    struct known known;
    TRY(check_installation(restore, err));
    TRY(read_known(restore->store, &known, err));
    TRY(signer_past_facts(restore->past, (uint64_t)known.position, &restore->facts, err));
    restore->is_other_journal = !restore->journal_is_lost && known.identity != 0 &&
                                (uint64_t)known.identity != restore->facts.identity;
    TRY(check_journal(restore, &known, err));
    if (restore->is_other_journal)
        TRY(signer_past_facts(restore->past, 0, &restore->facts, err));
    return check_history(restore, err);
}

/* The request is about this one: after it was carried out there is another. One that cannot be read
 * is as good as none. */
static void look_at_place(struct restore *restore)
{
    CLEANUP(store_closep) struct store *store = NULL;
    CLEANUP(ledger_closep) struct ledger *ledger = NULL;
    struct err unused = {0};
    struct restore_path path = restore_store_file(restore, "");
    if (!file_exists(path.text) || store_open(path.text, STORE_READ, &store, &unused) != OK ||
        ledger_open(store, &sha256_for_merkle, &ledger, &unused) != OK)
        return;
    restore->in_place_size = ledger_size(ledger);
    ledger_root(ledger, restore->in_place_root);
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
    if (!row->is_approver || people->n == LENGTH_OF(people->list))
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
    struct users users = {0};
    TRY(users_find(restore->config, &users, err));
    if (!file_exists(restore_path("%s/" ROLE_FOLDER_SIGNER, restore->config->data).text))
        return nothing_to_go_on_with(restore, err);
    TRY(open_past(restore, err)); /* first: nobody else does this now */
    look_at_place(restore);
    TRY(open_copy(restore, err));
    TRY(compare_past(restore, err));
    TRY(seed_approvers(restore, err));
    restore->has_service = true;
    return service_open(&restore->service, restore->store, restore->config, restore->now_s, err);
}

void restore_close(struct restore *restore)
{
    if (restore->has_service)
        service_close(&restore->service);
    store_close(restore->store);
    if (restore->past != NULL)
        remove_copies(restore);
    signer_past_close(restore->past);
    free(restore->config);
}
