/* trothd restore: check a backup, or go on from it while no server runs. */
#include <app/modes.h>

#include "restore.h"

#include <base/clock.h>
#include <base/file.h>
#include <crypto/start.h>
#include <wire/b64.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- verify ------------------------------------------------------------------------------------
 */

static void print_backup(const char *folder, const struct restore *restore,
                         const struct backup_size *size)
{
    printf("%s: %" PRIu64 " files are what they were\n", folder, size->files);
    printf("%" PRIu64 " entries, %" PRIu64 " rows, %" PRIu64
           " certificates: all as the ledger says\n",
           restore->verified.entries, restore->verified.rows, restore->verified.certificates);
    if (restore->signed_size == 0)
        return;
    char root[48] = {0};
    struct buf b = buf_over(root, sizeof root - 1);
    b64_encode(&b, bytes_of(restore->signed_root, sizeof restore->signed_root));
    printf("the checkpoint of its first %" PRIu64 " entries is signed by both keys of %.*s\n"
           "its root is %s\n",
           restore->signed_size, (int)restore->keys.signers[0].origin.n,
           (const char *)restore->keys.signers[0].origin.p, root);
}

static enum result verify(const char *folder, struct err *err)
{
    CLEANUP(store_closep) struct store *store = NULL;
    struct restore restore = {0};
    struct backup_size size = {0};
    char path[BACKUP_PATH_MAX];
    snprintf(path, sizeof path, "%s/" BACKUP_DATABASE, folder);
    TRY(backup_check(folder, &size, err));
    TRY(store_open(path, STORE_READ, &store, err));
    TRY(restore_verify(folder, &restore.keys, store, &restore, err));
    print_backup(folder, &restore, &size);
    return OK;
}

/* ---- continue ----------------------------------------------------------------------------------
 */

static enum result own_config(const struct arguments *arguments, struct config **ret,
                              struct err *err)
{
    const struct config *loaded = NULL;
    const char *passphrase = argument_text(arguments, "--passphrase-file");
    TRY(mode_load(arguments, &loaded, err));
    struct config *config = malloc(sizeof *config);
    if (config == NULL)
        return err_set(err, E_MEMORY, "no memory for the configuration");
    *config = *loaded;
    if (passphrase != NULL)
        snprintf(config->passphrase_file, sizeof config->passphrase_file, "%s", passphrase);
    *ret = config;
    return OK;
}

/* Revocations that only a list has, which is not here. */
static enum result check_lists(const struct arguments *arguments, const struct restore *restore,
                               const struct restore_lists *lists, struct err *err)
{
    uint32_t lacking = lists->missing + (restore->journal_is_lost ? 0 : lists->older);
    if (lacking == 0 || argument_text(arguments, "--incomplete") != NULL)
        return OK;
    return err_set(
        err, E_RESTORE,
        "of %" PRIu32 " CRLs under %s the last that was signed is not here: what was "
        "revoked since the backup would come back. Put them into a folder (--lists), or go "
        "on without (--incomplete)",
        lacking, restore->config->public_url);
}

static void print_loss(const struct restore *restore, const struct restore_lists *lists)
{
    if (restore->journal_is_lost)
        printf("The signer's journal is lost: nobody knows what was signed since the backup.\n");
    else
        printf("Since the backup the signer signed %" PRIu64
               " certificates, which will be revoked, and a checkpoint of %" PRIu64 " entries.\n",
               restore->facts.newer, restore->facts.size);
    printf("CRLs: %" PRIu32 " are the last that was signed, %" PRIu32 " may be older, %" PRIu32
           " are missing.\n",
           lists->current, lists->older, lists->missing);
}

/* Written where there is none yet, to be signed. */
static enum result ask_people(const char *path, const struct restore *restore,
                              const struct restore_request *request, struct err *err)
{
    if (path == NULL)
        return err_set(
            err, E_APPROVAL,
            "there are %zu approvers: --request FILE has the request written, which they "
            "sign",
            restore->facts.persons);
    TRY(file_create(path, 0644, bytes_of(request->body, request->body_n), err));
    return err_set(err, E_APPROVAL,
                   "%s is what %s: each runs `troth approval sign --file %s --out FILE` on his own "
                   "machine; then again with --signatures, a file of all these lines",
                   path, restore->facts.persons > 1 ? "two approvers sign" : "the approver signs",
                   path);
}

static enum result settle_request(const struct arguments *arguments, const struct restore *restore,
                                  const struct restore_lists *lists, struct restore_request *ret,
                                  struct err *err)
{
    struct restore_request now;
    const char *path = argument_text(arguments, "--request");
    const char *signatures = argument_text(arguments, "--signatures");
    TRY(restore_request_make(restore, lists, &now, err));
    *ret = now;
    if (restore->facts.persons == 0)
        return OK;
    if (path == NULL || signatures == NULL)
        return ask_people(path, restore, &now, err);
    return restore_request_read(path, signatures, &now, ret, err);
}

static void print_odd(const struct restore_done *done)
{
    if (done->kept != 0)
        printf("%" PRIu64 " devices stay quarantined, lost or retired that were let go after the "
               "backup: troth device list.\n",
               done->kept);
    if (done->unknown != 0)
        printf("%" PRIu64 " devices are of products that the backup does not have.\n",
               done->unknown);
    if (done->approvers_ended != 0)
        printf("%zu approvers were appointed after the backup and are none now.\n",
               done->approvers_ended);
    if (done->floors.serial != 0)
        printf("Serial numbers go on from %" PRIu64
               ". A certificate of before that the backup does "
               "not have is refused here, and on no CRL.\n",
               done->floors.serial);
    if (done->aside[0] != '\0')
        printf("The database that was there is %s.\n", done->aside);
}

static void print_done(const struct restore *restore, const struct restore_done *done)
{
    printf("A new epoch began behind %" PRIu64 " entries.\n", restore->verified.entries);
    printf("Void: %" PRIu64 " tokens, %" PRIu64 " permits, %" PRIu64 " requests, %" PRIu64
           " transfers. Revoked by the CRLs: "
           "%" PRIu64 " certificates. Kept down by the journal: %" PRIu64 " devices.\n",
           done->closed.tokens, done->closed.permits, done->closed.requests, done->closed.transfers,
           done->revoked, done->stricter);
    print_odd(done);
    printf("Roles and scopes of operators are the backup's: look at troth operator list.\n"
           "Start the server.\n");
}

static enum result check_lists_folder(const char *folder, struct err *err)
{
    struct stat stat_of;
    if (folder == NULL || (stat(folder, &stat_of) == 0 && S_ISDIR(stat_of.st_mode)))
        return OK;
    return err_set(err, E_NOT_FOUND, "--lists %s: there is no such folder", folder);
}

static enum result go_on(const struct arguments *arguments, struct restore *restore,
                         struct err *err)
{
    struct restore_lists lists;
    struct restore_request request;
    struct restore_done done;
    struct backup_size size;
    TRY(check_lists_folder(restore->lists, err));
    TRY(backup_check(restore->folder, &size, err));
    TRY(own_config(arguments, &restore->config, err));
    TRY(crypto_start(err));
    TRY(restore_open(restore, err));
    print_backup(restore->folder, restore, &size);
    TRY(restore_lists(restore, NULL, NULL, &lists, err));
    print_loss(restore, &lists);
    fflush(stdout);
    TRY(check_lists(arguments, restore, &lists, err));
    if (argument_text(arguments, "--dry-run") != NULL)
        return OK;
    TRY(settle_request(arguments, restore, &lists, &request, err));
    TRY(restore_carry_out(restore, &request, &done, err));
    print_done(restore, &done);
    return OK;
}

/* ---- the mode ----------------------------------------------------------------------------------
 */

static enum result continue_from(const struct arguments *arguments, const char *folder,
                                 struct err *err)
{
    struct restore *restore = calloc(1, sizeof *restore);
    if (restore == NULL)
        return err_set(err, E_MEMORY, "no memory for a restore");
    restore->folder = folder;
    restore->lists = argument_text(arguments, "--lists");
    restore->journal_is_lost = argument_text(arguments, "--journal-lost") != NULL;
    restore->now_s = clock_now_s();
    enum result result = go_on(arguments, restore, err);
    restore_close(restore);
    free(restore);
    return result;
}

static enum result check_files(const char *folder, struct err *err)
{
    CLEANUP(store_closep) struct store *store = NULL;
    TRY(store_open(restore_path("%s/" BACKUP_DATABASE, folder).text, STORE_READ, &store, err));
    return restore_check_files(folder, store, err);
}

static enum result place(const struct arguments *arguments, const char *folder, struct err *err)
{
    const struct config *config = NULL;
    struct backup_size size = {0};
    TRY(crypto_start(err));
    TRY(mode_load(arguments, &config, err));
    TRY(backup_check(folder, &size, err));
    TRY(check_files(folder, err));
    TRY(restore_place(config, folder, err));
    printf("%" PRIu64
           " files are in place. Next: trothd keys import, then trothd restore --continue %s "
           "--journal-lost. No server starts before.\n",
           size.files, folder);
    return OK;
}

static enum result run(const struct arguments *arguments, struct err *err)
{
    const char *backup = argument_text(arguments, "--verify");
    const char *to = argument_text(arguments, "--place");
    const char *from = argument_text(arguments, "--continue");
    if ((backup != NULL) + (to != NULL) + (from != NULL) != 1)
        return err_set(err, E_USAGE,
                       "wanted is one of --verify FOLDER, --place FOLDER and --continue FOLDER");
    if (from != NULL)
        return continue_from(arguments, from, err);
    if (to != NULL)
        return place(arguments, to, err);
    TRY(crypto_start(err));
    return verify(backup, err);
}

int mode_restore(const struct arguments *arguments)
{
    struct err err = {0};
    return audit_finish(run(arguments, &err), &err);
}
