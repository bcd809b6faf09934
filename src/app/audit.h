/* The audit's modes share this. Private to app. */
#ifndef APP_AUDIT_H
#define APP_AUDIT_H

#include <base/command.h>
#include <base/config.h>
#include <crypto/hash.h>
#include <ledger/verify.h>
#include <pki/note.h>

#include <stdio.h>

#define AUDIT_KEYS_FILE "checkpoint-keys" /* in the public folder and in an export */
#define AUDIT_KEYS_MAX 2048               /* octets */
#define AUDIT_NOTE_FILE "checkpoint"

/* The two keys of a log, as `checkpoint-keys` has them: a line each, Ed25519 first. */
struct audit_keys {
    char text[AUDIT_KEYS_MAX]; /* what the others point into */
    uint8_t points[2][128];
    struct note_signer signers[2];
};

/* E_SYNTAX for anything but two verifier keys of one log whose key IDs are right. `ret` must not
 * move: it points into itself. */
MUST_USE enum result audit_keys_parse(struct bytes text, struct audit_keys *ret, struct err *err);
MUST_USE enum result audit_keys_read(const char *path, struct audit_keys *ret, struct err *err);

/* Who checks the countersignatures of acts that take two people; `keys` must outlive it. */
struct countersigner audit_countersigner(const struct audit_keys *keys);

/* What a note says, once both its signatures are good. `name` is not copied. */
MUST_USE enum result audit_note_check(struct bytes note, const struct audit_keys *keys,
                                      const char *name, struct verify_checkpoint *ret,
                                      struct err *err);

/* The database that the configuration names, for reading. */
MUST_USE enum result audit_open_store(const struct config *config, struct store **ret,
                                      struct err *err);

/* Of the record of the key ceremony, as the first entry has it; R_NOT_FOUND: by a trothd that wrote
 * none. */
MUST_USE enum result audit_ceremony_digest(struct store *store, uint8_t ret[SHA256_N],
                                           struct err *err);

/* What every verb about the live database begins with. */
struct audit {
    const struct config *config;
    struct store *store;
    char keys_path[CONFIG_PATH_MAX + 32];
    struct audit_keys keys;
};
/* By --config; `ret` is zeroed by the caller and closed in any case. */
MUST_USE enum result audit_open(const struct arguments *arguments, struct audit *ret,
                                struct err *err);
void audit_close(struct audit *audit);
/* The exit status; says on standard error what failed. */
int audit_finish(enum result result, const struct err *err);

typedef enum result (*audit_act)(struct audit *audit, void *ctx, struct err *err);
MUST_USE enum result audit_in_snapshot(struct audit *audit, audit_act act, void *ctx,
                                       struct err *err);

/* Where the lines of a canonical dump go: to a file as they are, or into one SHA-256. */
struct audit_sink {
    FILE *to; /* NULL: digest only */
    struct sha256_stream digest;
};
void audit_sink_begin(struct audit_sink *sink, FILE *to);
void audit_sink_line(struct audit_sink *sink, struct bytes line);
/* The line "entries N root HEX", which ends every dump. */
void audit_sink_tail(struct audit_sink *sink, uint64_t entries, const uint8_t root[32]);
/* 64 hex digits and a NUL. */
void audit_sink_end(struct audit_sink *sink, char ret_digest[65]);

/* The dump of a store, in the caller's snapshot. */
MUST_USE enum result audit_dump_store(struct store *store, struct audit_sink *sink,
                                      struct err *err);

/* Writes entry bundles (C2SP tlog-tiles: tile/entries/000, tile/entries/001.p/7), the newest
 * checkpoint and the log's keys into a folder that is made or is empty. In the caller's snapshot.
 */
MUST_USE enum result audit_export(struct store *store, const struct config *config,
                                  const char *folder, struct err *err);

/* Takes every right to open a file away but that to read below `folder`. E_SANDBOX. */
MUST_USE enum result audit_enter_sandbox(const char *folder, struct err *err);

/* Replays an export: rows to `sink`, after the root was compared with the folder's checkpoint,
 * whose signatures are checked with `keys` (NULL: those in the folder). */
MUST_USE enum result audit_replay(int folder, const struct audit_keys *keys,
                                  struct audit_sink *sink, struct err *err);

/* The same in a new process that is given nothing else: its digest of the dump, 64 hex digits. What
 * it says when it fails goes to standard error. */
MUST_USE enum result audit_run_replay(const char *folder, const char *keys, char ret_digest[65],
                                      struct err *err);

/* Removes a folder that audit_export() filled. */
void audit_remove_export(const char *folder);

#endif
