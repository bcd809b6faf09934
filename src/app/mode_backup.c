/* trothd backup FOLDER: beside the server or without one. */
#include <app/modes.h>

#include "audit.h"
#include "backup.h"
#include "restore.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <ipc/role.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_N 7 /* what file_write() puts behind a name, with the dot */

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

/* A restore takes what it can check; tiles are made again. */
static bool is_wanted(void *copy, const char *below)
{
    bool is_known = restore_knows_public(copy, below);
    if (!is_known && strncmp(below, "tile/", 5) != 0 && !is_under_way(copy, below))
        fprintf(stderr, "public/%s is left out: the copied database knows no such file\n",
                err_value(text_bytes(below)).text);
    return is_known;
}

static enum result copy_all(struct audit *audit, const char *folder, struct err *err)
{
    CLEANUP(store_closep) struct store *copy = NULL;
    const struct config *config = audit->config;
    struct backup_path database = path_of(folder, BACKUP_DATABASE);
    TRY(store_copy(audit->store, database.text, err));
    TRY(store_open(database.text, STORE_READ, &copy, err));
    const struct backup_filter in_ca = {restore_knows_ca, copy}, in_public = {is_wanted, copy};
    TRY(backup_copy_tree(path_of(config->data, "ca").text, path_of(folder, BACKUP_CA).text, &in_ca,
                         err));
    TRY(backup_copy_tree(config->public_files, path_of(folder, BACKUP_PUBLIC).text, &in_public,
                         err));
    return restore_check_files(folder, copy, err);
}

static enum result tell(const char *folder, const struct backup_size *size, int64_t began_us,
                        struct err *err)
{
    CLEANUP(store_closep) struct store *copy = NULL;
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    uint64_t entries = 0, signed_size = 0;
    int64_t at_s = 0;
    TRY(store_open(path_of(folder, BACKUP_DATABASE).text, STORE_READ, &copy, err));
    TRY(store_last_entry(copy, &entries, &at_s, err));
    enum result result = store_last_note(copy, &signed_size, &note, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    printf("%s: %" PRIu64 " entries, the checkpoint of %" PRIu64 " in it; %" PRIu64
           " files, %" PRIu64 " octets, %.1f s\n"
           "Neither the keys nor the signer's journal are in it: trothd backup --help says why.\n",
           folder, entries, signed_size, size->files, size->octets,
           (double)(clock_monotonic_us() - began_us) / 1e6);
    return OK;
}

/* What was begun is no backup, and is left to be looked at: SHA256SUMS is not in it. */
static enum result backup(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    const char *folder = argument_text(arguments, "FOLDER");
    struct backup_size size = {0};
    int64_t began_us = clock_monotonic_us();
    TRY(audit_open(arguments, audit, err));
    TRY(begin_folder(folder, err));
    TRY(copy_all(audit, folder, err));
    TRY(backup_seal(folder, &size, err));
    TRY(folder_sync(folder, err));
    TRY(backup_check(folder, &size, err));
    return tell(folder, &size, began_us, err);
}

int mode_backup(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(backup(arguments, &audit, &err), &err);
}
