/* The database behind one door. Back-ends (sqlite/, later postgres/) give the same answers to the
 * same contract tests. Not thread-safe: one handle per process. This header opens and closes and
 * has the transactions; rows are in those that it includes.
 *
 * Finders answer R_NOT_FOUND with `err` untouched when there is no such row. Times are seconds. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <base/err.h>
#include <store/approvals.h>
#include <store/bulk.h>
#include <store/debt.h>
#include <store/entries.h>
#include <store/find.h>
#include <store/foreign.h>
#include <store/list.h>
#include <store/measure.h>
#include <store/outbox.h>
#include <store/policies.h>
#include <store/rehearse.h>
#include <store/tidy.h>
#include <store/transfers.h>
#include <store/waivers.h>
#include <store/write.h>

struct store;

enum store_mode { STORE_READ = 0, STORE_WRITE };

/* Opens and, for STORE_WRITE, creates (mode 0640) and migrates forward; a schema newer than ours,
 * or one whose migrations are not the ones we know, is E_SCHEMA. One writer at a time: E_IN_USE
 * while another process holds the lease, a lock on PATH.lease. A reader writes nothing, not even
 * the shared memory of the log (PATH-shm), but all three files must be there and readable: a writer
 * leaves them so. Damage is E_STORE_CORRUPT, everything else E_STORE. */
MUST_USE enum result store_open(const char *path, enum store_mode mode, struct store **ret_store,
                                struct err *err);
void store_close(struct store *store);
void store_closep(struct store **store);

/* One transaction at a time. Any failure inside one leaves only store_rollback() to do; after a
 * failed commit everything since begin is undone already. A full disk (E_STORE, "database or disk
 * is full") is over when there is room again. store_must_exit(): the system failed to write or
 * sync, so that nobody knows what is on the disk; the process must exit, never retry (design 5,
 * Time). */
MUST_USE enum result store_begin(struct store *store, struct err *err);
MUST_USE enum result store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
bool store_must_exit(const struct store *store);

/* A part of the transaction that can be undone alone, so that what follows a failure in it goes on;
 * one at a time. Kept or undone, it is over; commit and rollback end it too. When undoing fails,
 * the whole transaction is lost: store_rollback(). */
MUST_USE enum result store_part_begin(struct store *store, struct err *err);
MUST_USE enum result store_part_keep(struct store *store, struct err *err);
MUST_USE enum result store_part_undo(struct store *store, struct err *err);

/* The write-ahead log grows until someone copies it into the database; the writer does, when it has
 * nothing better to do or the log has more pages (4 KiB) than it likes. Passive: readers are not
 * disturbed, and what a reader still needs stays in the log. */
uint64_t store_log_pages(const struct store *store); /* after the last commit */
MUST_USE enum result store_checkpoint(struct store *store, struct err *err);

/* Readers: one consistent snapshot between these two. */
MUST_USE enum result store_snapshot_begin(struct store *store, struct err *err);
void store_snapshot_end(struct store *store);

/* Writes one consistent copy into the new file `path` (mode 0600), synced, which needs no log
 * beside it; not within a transaction. Others go on writing meanwhile. E_CONFLICT when `path` is
 * there, E_STORE; then there is no such file. */
MUST_USE enum result store_copy(struct store *store, const char *path, struct err *err);

/* The canonical dump that replay compares (design 1.2): one line a row of every ledger table but
 * `entry`, in table number and id order: "table id column=value ..." in column number order, NULLs
 * left out, blobs in lower-case hex, text in double quotes with bytes outside printable ASCII,
 * quote and backslash as \xNN. No line feed. "entries N root HEX" is the ledger's own to add. */
typedef enum result (*line_visit)(void *ctx, const char *line, size_t n, struct err *err);
MUST_USE enum result store_dump(struct store *store, line_visit visit, void *ctx, struct err *err);

/* Checks that the back-end's own structures are whole; E_STORE_CORRUPT when not. */
MUST_USE enum result store_check(struct store *store, struct err *err);

#endif
