/* trothd backup FOLDER: beside the server or without one. */
#include <app/modes.h>

#include "audit.h"
#include "backup.h"
#include "restore.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <ledger/ledger.h>
#include <wire/hex.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY_N 7 /* what file_write() puts behind a name, with the dot */
#define CHECKPOINT_MS 10000
#define POLL_MS 50

struct backup_path {
    char text[BACKUP_PATH_MAX];
};

static struct backup_path path_of(const char *folder, const char *name)
{
    struct backup_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", folder, name);
    return path;
}

/* New, or empty: its owner's alone, for personal texts are in it. */
static enum result begin_folder(const char *folder, struct err *err)
{
    if (strlen(folder) >= CONFIG_PATH_MAX)
        return err_set(err, E_USAGE, "a path of %zu octets, wanted are under %d", strlen(folder),
                       CONFIG_PATH_MAX);
    if (mkdir(folder, 0700) == 0)
        return OK;
    if (errno == EEXIST && rmdir(folder) == 0 && mkdir(folder, 0700) == 0)
        return OK;
    return err_set(err, errno == ENOTEMPTY || errno == EEXIST ? E_CONFLICT : E_IO,
                   "%s: %s; a backup goes into a new folder", folder, strerror(errno));
}

/* One of the files that the server replaces, on its way: NAME.XXXXXX. */
static bool is_under_way(struct store *copy, const char *below)
{
    struct backup_path name = {0};
    size_t n = strlen(below);
    if (n <= TEMPORARY_N || below[n - TEMPORARY_N] != '.')
        return false;
    snprintf(name.text, sizeof name.text, "%.*s", (int)(n - TEMPORARY_N), below);
    return restore_knows_public(copy, name.text);
}

/* A start makes them of the database: tiles from its entries, status lists from its certificates,
 * and those of a copy would be older than what boundaries know. */
static bool is_made_again(const char *below)
{
    return strncmp(below, "tile/", 5) == 0 || strncmp(below, "status/", 7) == 0;
}

/* A restore takes what it can check. */
static bool is_wanted(void *copy, const char *below)
{
    bool is_known = restore_knows_public(copy, below);
    if (!is_known && !is_made_again(below) && !is_under_way(copy, below))
        fprintf(stderr, "public/%s is left out: the copied database knows no such file\n",
                err_value(text_bytes(below)).text);
    return is_known;
}

/* The first checkpoint that covers the copy: the server signs one within a second of a change. */
static enum result wait_for_checkpoint(struct audit *audit, uint64_t entries, uint64_t *ret_size,
                                       struct buf *note, struct err *err)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (int ms = 0; ms < CHECKPOINT_MS; ms += POLL_MS) {
        note->n = 0;
        enum result result = store_last_note(audit->store, ret_size, note, err);
        if (result != OK && result != R_NOT_FOUND)
            return result;
        if (result == OK && *ret_size >= entries)
            return OK;
        nanosleep(&pause, NULL);
    }
    return err_set(err, E_BACKUP,
                   "no checkpoint has the last of %" PRIu64
                   " entries, which nobody signed: start the "
                   "server, and back up beside it",
                   entries);
}

static enum result write_proof(struct audit *audit, const char *folder, uint64_t entries,
                               uint64_t size, struct err *err)
{
    CLEANUP(ledger_closep) struct ledger *ledger = NULL;
    uint8_t proof[MERKLE_PROOF_MAX * MERKLE_HASH_N];
    uint8_t text[MERKLE_PROOF_MAX * (2 * MERKLE_HASH_N + 1)];
    struct buf hashes = buf_over(proof, sizeof proof), lines = buf_over(text, sizeof text);
    TRY(ledger_open(audit->store, &sha256_for_merkle, &ledger, err));
    if (size > entries)
        TRY(ledger_prove_consistency(ledger, entries, size, &hashes, err));
    for (size_t i = 0; i < hashes.n; i += MERKLE_HASH_N) {
        hex_encode(&lines, bytes_of(proof + i, MERKLE_HASH_N));
        buf_put_u8(&lines, '\n');
    }
    return file_create(path_of(folder, BACKUP_PROOF).text, 0644, buf_bytes(&lines), err);
}

static enum result write_checkpoint(struct audit *audit, const char *folder, uint64_t entries,
                                    uint64_t *ret_size, struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    TRY(wait_for_checkpoint(audit, entries, ret_size, &note, err));
    TRY(file_create(path_of(folder, BACKUP_CHECKPOINT).text, 0644, buf_bytes(&note), err));
    return write_proof(audit, folder, entries, *ret_size, err);
}

struct made {
    uint64_t entries, signed_size;
    struct backup_size size;
};

static enum result copy_files(const struct config *config, const char *folder, struct store *copy,
                              struct err *err)
{
    const struct backup_filter in_ca = {restore_knows_ca, copy}, in_public = {is_wanted, copy};
    TRY(backup_copy_tree(path_of(config->data, "ca").text, path_of(folder, BACKUP_CA).text, &in_ca,
                         err));
    TRY(backup_copy_tree(config->public_files, path_of(folder, BACKUP_PUBLIC).text, &in_public,
                         err));
    return restore_check_files(folder, copy, err);
}

static enum result copy_all(struct audit *audit, const char *folder, struct made *ret,
                            struct err *err)
{
    CLEANUP(store_closep) struct store *copy = NULL;
    struct backup_path path = path_of(folder, BACKUP_DATABASE);
    int64_t at_s = 0;
    TRY(store_copy(audit->store, path.text, err));
    TRY(store_open(path.text, STORE_READ, &copy, err));
    TRY(store_last_entry(copy, &ret->entries, &at_s, err));
    TRY(write_checkpoint(audit, folder, ret->entries, &ret->signed_size, err));
    return copy_files(audit->config, folder, copy, err);
}

static void tell(const char *folder, const struct made *made, int64_t began_us)
{
    printf("%s: %" PRIu64 " entries, covered by the checkpoint of %" PRIu64 "; %" PRIu64
           " files, %" PRIu64 " octets, %.1f s\n"
           "Neither the keys nor the signer's journal are in it: trothd backup --help says why.\n",
           folder, made->entries, made->signed_size, made->size.files, made->size.octets,
           (double)(clock_monotonic_us() - began_us) / 1e6);
}

/* What was begun is no backup, and is left to be looked at: SHA256SUMS is not in it. */
static enum result backup(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    const char *folder = argument_text(arguments, "FOLDER");
    struct made made = {0};
    int64_t began_us = clock_monotonic_us();
    TRY(audit_open(arguments, audit, err));
    TRY(begin_folder(folder, err));
    TRY(copy_all(audit, folder, &made, err));
    TRY(backup_seal(folder, &made.size, err));
    TRY(folder_sync(folder, err));
    TRY(backup_check(folder, &made.size, err));
    tell(folder, &made, began_us);
    return OK;
}

int mode_backup(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(backup(arguments, &audit, &err), &err);
}
