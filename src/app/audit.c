/* trothd audit VERB: the ledger checked against itself, against rows, and against what others kept.
 */
#include "audit.h"
#include "lines.h"

#include <app/modes.h>
#include <base/file.h>
#include <crypto/start.h>
#include <service/bootstrap.h>
#include <store/approvals.h>
#include <wire/hex.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void audit_close(struct audit *audit)
{
    store_close(audit->store);
}

enum result audit_open(const struct arguments *arguments, struct audit *ret, struct err *err)
{
    TRY(crypto_start(err));
    TRY(mode_load(arguments, &ret->config, err));
    snprintf(ret->keys_path, sizeof ret->keys_path, "%s/%s", ret->config->public_files,
             AUDIT_KEYS_FILE);
    TRY(audit_keys_read(ret->keys_path, &ret->keys, err));
    return audit_open_store(ret->config, &ret->store, err);
}

int audit_finish(enum result result, const struct err *err)
{
    return result == OK ? 0 : mode_failed(err);
}

/* ---- verify ---- */

#define CHECKPOINTS_MAX 3

static enum result add_note_file(const struct audit *audit, const char *path,
                                 struct verify_checkpoint *list, size_t *n, struct err *err)
{
    CLEANUP(blob_free) struct blob note = {0};
    TRY(file_read(path, NOTE_MAX, &note, err));
    TRY(audit_note_check(blob_bytes(&note), &audit->keys, path, &list[*n], err));
    (*n)++;
    return OK;
}

/* The note that is stored, the one that is public, and the one that somebody kept. */
static enum result gather(const struct audit *audit, const char *kept, const char *public_path,
                          struct verify_checkpoint *list, size_t *n, struct err *err)
{
    uint8_t room[NOTE_MAX];
    struct buf note = buf_over(room, sizeof room);
    uint64_t size = 0;
    enum result result = store_last_note(audit->store, &size, &note, err);
    if (result == OK) {
        TRY(audit_note_check(buf_bytes(&note), &audit->keys, "the stored checkpoint", &list[*n],
                             err));
        (*n)++;
    } else if (result != R_NOT_FOUND) {
        return result;
    }
    if (file_exists(public_path))
        TRY(add_note_file(audit, public_path, list, n, err));
    return kept == NULL ? OK : add_note_file(audit, kept, list, n, err);
}

enum result audit_ceremony_digest(struct store *store, uint8_t ret[SHA256_N], struct err *err)
{
    struct buf space = buf_over(ret, SHA256_N);
    struct cell cell = {0};
    TRY(store_cell(store, COL_CEREMONY_DIGEST, 1, &space, &cell, err));
    return cell.bytes.n == SHA256_N
               ? OK
               : err_set(err, E_STORE_CORRUPT, "a digest of %zu octets", cell.bytes.n);
}

/* The record of the key ceremony is the one whose digest stands in the first entry. */
static enum result check_ceremony(struct audit *audit, struct err *err)
{
    CLEANUP(blob_free) struct blob record = {0};
    uint8_t wanted[SHA256_N], digest[SHA256_N];
    char path[CONFIG_PATH_MAX + 32];
    enum result result = audit_ceremony_digest(audit->store, wanted, err);
    if (result == R_NOT_FOUND) /* made by a trothd that wrote none */
        return OK;
    TRY(result);
    snprintf(path, sizeof path, "%s/ca/" CEREMONY_FILE, audit->config->data);
    TRY(file_read(path, CEREMONY_MAX, &record, err));
    sha256(blob_bytes(&record), digest);
    if (memcmp(wanted, digest, sizeof digest) != 0)
        return err_set(err, E_LEDGER,
                       "%s has SHA-256 %s, which is not the one in the log's first entry", path,
                       lines_digest_of(blob_bytes(&record)).text);
    printf("%s: its digest is the one in the log's first entry\n", path);
    return OK;
}

/* The number in a column of an epoch's row. */
static enum result epoch_number(struct store *store, enum column column, int64_t id, int64_t *ret,
                                struct err *err)
{
    struct buf unused = buf_over(NULL, 0);
    struct cell cell = {0};
    TRY(store_cell(store, column, id, &unused, &cell, err));
    *ret = cell.number;
    return OK;
}

/* Whoever kept a checkpoint of what a restore left behind meets a fork: here is which. */
static enum result print_epoch(struct store *store, int64_t id, struct err *err)
{
    uint8_t room[32];
    char hex[2 * sizeof room + 1] = "";
    struct buf space = buf_over(room, sizeof room), text = buf_over(hex, sizeof hex - 1);
    struct cell root = {0};
    int64_t size = 0, lost = 0;
    TRY(epoch_number(store, COL_EPOCH_SIZE, id, &size, err));
    TRY(epoch_number(store, COL_EPOCH_LOST_SIZE, id, &lost, err));
    TRY(store_cell(store, COL_EPOCH_LOST_ROOT, id, &space, &root, err));
    hex_encode(&text, root.bytes);
    if (lost == 0)
        printf("restore %" PRId64 ": behind %" PRId64 " entries; what came after them is unknown\n",
               id, size);
    else
        printf("restore %" PRId64 ": behind %" PRId64
               " entries; left behind was a checkpoint of %" PRId64 " entries, root %s\n",
               id, size, lost, hex);
    return OK;
}

static enum result print_epochs(struct store *store, struct err *err)
{
    int64_t last = 0;
    TRY(store_max_id(store, TABLE_EPOCH, &last, err));
    for (int64_t id = 1; id <= last; id++)
        TRY(print_epoch(store, id, err));
    return OK;
}

static enum result verify(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    struct verify_checkpoint list[CHECKPOINTS_MAX];
    struct verified verified;
    char public_path[CONFIG_PATH_MAX + 32];
    const char *kept = argument_text(arguments, "--checkpoint");
    size_t n = 0;
    TRY(audit_open(arguments, audit, err));
    snprintf(public_path, sizeof public_path, "%s/%s", audit->config->public_files,
             AUDIT_NOTE_FILE);
    TRY(gather(audit, kept, public_path, list, &n, err));
    TRY(print_epochs(audit->store, err));
    fflush(stdout);
    const struct verify_wanted wanted = {list, n, audit_countersigner(&audit->keys)};
    TRY(ledger_verify(audit->store, &sha256_for_merkle, &wanted, &verified, err));
    for (size_t i = 0; i < n; i++)
        printf("%s: signed by both keys; its %" PRIu64 " entries are the first of this log\n",
               list[i].name, list[i].size);
    printf("%" PRIu64 " entries, %" PRIu64 " rows, %" PRIu64 " certificates, %" PRIu64
           " personal texts: all as the ledger says\n",
           verified.entries, verified.rows, verified.certificates, verified.texts);
    return check_ceremony(audit, err);
}

int mode_audit_verify(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(verify(arguments, &audit, &err), &err);
}

/* ---- dump, export ---- */

enum result audit_in_snapshot(struct audit *audit, audit_act act, void *ctx, struct err *err)
{
    TRY(store_snapshot_begin(audit->store, err));
    enum result result = act(audit, ctx, err);
    store_snapshot_end(audit->store);
    return result;
}

static enum result write_dump(struct audit *audit, void *ctx, struct err *err)
{
    return audit_dump_store(audit->store, ctx, err);
}

/* With --digest the dump itself is not shown. */
static void sink_for(const struct arguments *arguments, struct audit_sink *ret)
{
    audit_sink_begin(ret, argument_text(arguments, "--digest") == NULL ? stdout : NULL);
}

static void show_digest(struct audit_sink *sink)
{
    char digest[65];
    audit_sink_end(sink, digest);
    if (sink->to == NULL)
        puts(digest);
}

static enum result dump(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    struct audit_sink sink;
    sink_for(arguments, &sink);
    TRY(audit_open(arguments, audit, err));
    TRY(audit_in_snapshot(audit, write_dump, &sink, err));
    show_digest(&sink);
    return OK;
}

int mode_audit_dump(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(dump(arguments, &audit, &err), &err);
}

static enum result write_export(struct audit *audit, void *ctx, struct err *err)
{
    return audit_export(audit->store, audit->config, ctx, err);
}

static enum result export(const struct arguments *arguments, struct audit *audit, struct err *err) {
    char folder[CONFIG_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", argument_text(arguments, "FOLDER"));
    TRY(audit_open(arguments, audit, err));
    return audit_in_snapshot(audit, write_export, folder, err);
}

int mode_audit_export(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    return audit_finish(export(arguments, &audit, &err), &err);
}

/* ---- replay ---- */

static enum result replay_folder(const struct arguments *arguments, const char *path,
                                 struct err *err)
{
    struct audit_keys given;
    struct audit_sink sink;
    const char *keys = argument_text(arguments, "--keys");
    CLEANUP(fd_closep) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    TRY(crypto_start(err));
    if (keys != NULL)
        TRY(audit_keys_read(keys, &given, err));
    TRY(audit_enter_sandbox(path, err));
    sink_for(arguments, &sink);
    TRY(audit_replay(folder, keys != NULL ? &given : NULL, &sink, err));
    show_digest(&sink);
    return OK;
}

/* Exports the live log and replays that in a process of its own. */
struct round_trip {
    char folder[64];
    struct audit_sink dump;
};

static enum result export_and_dump(struct audit *audit, void *ctx, struct err *err)
{
    struct round_trip *trip = ctx;
    TRY(audit_export(audit->store, audit->config, trip->folder, err));
    return audit_dump_store(audit->store, &trip->dump, err);
}

static enum result compare(struct audit *audit, struct round_trip *trip, struct err *err)
{
    char ours[65], theirs[65];
    TRY(audit_in_snapshot(audit, export_and_dump, trip, err));
    TRY(audit_run_replay(trip->folder, audit->keys_path, theirs, err));
    audit_sink_end(&trip->dump, ours);
    if (strcmp(ours, theirs) != 0)
        return err_set(err, E_LEDGER,
                       "the dump of the tables is %s, that of the replay %s: `trothd audit verify` "
                       "names the row",
                       ours, theirs);
    printf("the tables are what replay makes of the entries alone: dump %s\n", ours);
    return OK;
}

static enum result replay_live(const struct arguments *arguments, struct audit *audit,
                               struct err *err)
{
    struct round_trip trip = {.folder = "/tmp/troth-audit-XXXXXX"};
    audit_sink_begin(&trip.dump, NULL);
    TRY(audit_open(arguments, audit, err));
    if (mkdtemp(trip.folder) == NULL)
        return err_set(err, E_IO, "%s: %s", trip.folder, strerror(errno));
    enum result result = compare(audit, &trip, err);
    audit_remove_export(trip.folder);
    return result;
}

int mode_audit_replay(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    const char *folder = argument_text(arguments, "FOLDER");
    enum result result = folder != NULL ? replay_folder(arguments, folder, &err)
                                        : replay_live(arguments, &audit, &err);
    return audit_finish(result, &err);
}
