/* trothd restore: a backup is checked, or the installation goes on from it (design 3, Signer
 * journal). Private to app.
 *
 *   restore_open()       the signer's past, for this process alone; the copy beside the database
 * that is in place, whole and audited; nothing that is in place is touched restore_lists() what
 * CRLs say about certificates of the copy restore_request_*()  what people sign restore_carry_out()
 * the entries of the epoch, the copy into place, the journal: last, or first where it was lost, so
 * that no server starts over half of it */
#ifndef APP_RESTORE_H
#define APP_RESTORE_H

#include "audit.h"
#include "backup.h"

#include <service/epoch.h>
#include <signer/past.h>
#include <wire/approval.h>
#include <wire/x509_crl.h>

struct restore {
    struct config *config; /* owned: with the passphrase's file that the command line named */
    const char *folder;    /* the backup */
    const char *lists;     /* more CRLs; NULL */
    bool journal_is_lost;
    int64_t now_s;
    struct audit_keys keys;
    struct verified verified;
    uint64_t signed_size; /* of the checkpoint that covers the backup */
    uint8_t signed_root[32];
    struct signer_past *past;
    struct signer_facts facts;
    bool is_other_journal;  /* than the one that the copy knows: it began after that was lost */
    uint64_t in_place_size; /* of the database that is there now; 0: none that can be read */
    uint8_t in_place_root[32];
    struct store *store; /* the copy, for writing */
    struct service service;
    bool has_service;
};

/* Of files and folders, by value; a path that is cut is one that does not exist. */
struct restore_path {
    char text[BACKUP_PATH_MAX];
};
__attribute__((format(printf, 1, 2))) struct restore_path restore_path(const char *format, ...);
/* DATA/store/troth.db with something behind it, and what SQLite and we put beside a database. */
struct restore_path restore_store_file(const struct restore *restore, const char *suffix);
static const char *const restore_beside[] = {"", "-wal", "-shm", ".lease"};

/* Opens a backup's database and audits it. */
MUST_USE enum result restore_verify(const char *folder, struct audit_keys *keys,
                                    struct store *store, struct restore *ret, struct err *err);

/* Every file below ca/ and public/ of a backup whose database was audited: one whose name and place
 * are known, and which is what the database says: a certificate by its octets, a CRL by its
 * issuer's key, the ceremony's record by its digest, the checkpoint by the log's keys. E_BACKUP
 * names the file. Not checked: that a CRL is the last, and the log's keys themselves. */
MUST_USE enum result restore_check_files(const char *folder, struct store *store, struct err *err);
/* Is it a file that such a check knows, with its issuer in this store? For struct backup_filter. */
bool restore_knows_ca(void *store, const char *below);
bool restore_knows_public(void *store, const char *below);

/* `restore` has config, folder, lists and journal_is_lost; closed in any case. E_BACKUP, E_LEDGER,
 * E_JOURNAL, E_RESTORE. */
MUST_USE enum result restore_open(struct restore *restore, struct err *err);
void restore_close(struct restore *restore);

/* A machine that has no installation: the backup's files and database into their places, so that
 * the keys can follow (trothd keys import), and then restore_open() with a journal that is lost.
 * Without that no server starts over them. E_CONFLICT when there is one. */
MUST_USE enum result restore_place(const struct config *config, const char *folder,
                                   struct err *err);

/* How many CRLs of live certificates of the copy are the last that were signed, are older ones, or
 * are not to be had. `visit` (may be NULL) gets every entry of those that are there. Signatures are
 * verified; one that is not its issuer's is as good as none. */
struct restore_lists {
    uint32_t current, older, missing;
};
typedef enum result (*revoked_visit)(void *ctx, const struct x509_crl_entry *entry,
                                     struct err *err);
MUST_USE enum result restore_lists(struct restore *restore, revoked_visit visit, void *ctx,
                                   struct restore_lists *ret, struct err *err);

/* What exactly would be done, as people sign it: to a file; and from it, compared with what would
 * be done now (E_CONFLICT). `signatures` is the file with what `troth approval sign --out` wrote, a
 * line a person. */
struct restore_request {
    uint8_t body[APPROVAL_MAX];
    size_t body_n;
    uint8_t signatures[2048];
    size_t signatures_n;
};
MUST_USE enum result restore_request_make(const struct restore *restore,
                                          const struct restore_lists *lists,
                                          struct restore_request *ret, struct err *err);
MUST_USE enum result restore_request_read(const char *path, const char *signatures,
                                          const struct restore_request *now,
                                          struct restore_request *ret, struct err *err);

struct restore_done {
    struct epoch_closed closed;
    uint64_t revoked, stricter, kept, unknown;
    struct epoch_floors floors; /* zeros: numbers go on */
    size_t approvers_ended;
    char
        aside[BACKUP_PATH_MAX]; /* where the database that was in place is; empty: there was none */
};
MUST_USE enum result restore_carry_out(struct restore *restore,
                                       const struct restore_request *request,
                                       struct restore_done *ret, struct err *err);

#endif
