/* The database behind one door. Back-ends (sqlite/, later postgres/) give the same answers to the
 * same contract tests. Not thread-safe: one handle per process.
 *
 * Finders answer R_NOT_FOUND with `err` untouched when there is no such row. Times are seconds. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <base/err.h>
#include <store/change.h>
#include <store/rows.h>
#include <wire/buf.h>

struct store;

enum store_mode { STORE_READ = 0, STORE_WRITE };

/* Opens and, for STORE_WRITE, creates (mode 0640) and migrates forward; a schema newer than ours,
 * or one whose migrations are not the ones we know, is E_SCHEMA. One writer at a time: E_CONFLICT
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

/* The write-ahead log grows until someone copies it into the database; the writer does, when it has
 * nothing better to do or the log has more pages (4 KiB) than it likes. Passive: readers are not
 * disturbed, and what a reader still needs stays in the log. */
uint64_t store_log_pages(const struct store *store); /* after the last commit */
MUST_USE enum result store_checkpoint(struct store *store, struct err *err);

/* Readers: one consistent snapshot between these two. */
MUST_USE enum result store_snapshot_begin(struct store *store, struct err *err);
void store_snapshot_end(struct store *store);

/* ---- writing, inside a transaction ---- */
/* E_BUG for a broken change, or one of a table that is not of the LEDGER kind or is the ledger. */
MUST_USE enum result store_apply(struct store *store, const struct change *change, struct err *err);
MUST_USE enum result store_put_der(struct store *store, int64_t certificate, struct bytes der,
                                   struct err *err);
MUST_USE enum result store_put_seen(struct store *store, int64_t device, int64_t certificate,
                                    int64_t at_s, struct err *err);
MUST_USE enum result store_put_personal(struct store *store, const uint8_t digest[32],
                                        struct bytes salt, struct bytes text, struct err *err);
MUST_USE enum result store_put_answer(struct store *store, const char *key, int64_t at_s,
                                      struct bytes answer, struct err *err);
MUST_USE enum result store_put_meta(struct store *store, const char *name, int64_t value,
                                    struct err *err);
MUST_USE enum result store_put_crl(struct store *store, const struct crl_row *row, struct err *err);
MUST_USE enum result store_put_note(struct store *store, uint64_t size, struct bytes note,
                                    struct err *err);
/* `instant_s` 0 removes the row. */
MUST_USE enum result store_put_next_instant(struct store *store, int64_t device, int64_t instant_s,
                                            struct err *err);
/* Adds `add` (0 only reads) and gives the sum. */
MUST_USE enum result store_count(struct store *store, const struct counter *counter, int64_t add,
                                 int64_t *ret_sum, struct err *err);
/* Drops idempotent answers and counters of before then. */
MUST_USE enum result store_forget(struct store *store, int64_t before_s, struct err *err);

/* ---- the ledger's own rows ---- */
struct entry {
    uint64_t seq;
    int64_t at_s;
    int event;
    int64_t device;
    struct bytes body; /* valid until the next read */
};
MUST_USE enum result store_append_entry(struct store *store, const struct entry *entry,
                                        struct err *err);
MUST_USE enum result store_put_tile(struct store *store, int level, uint64_t index,
                                    struct bytes hashes, struct err *err);
MUST_USE enum result store_tile(struct store *store, int level, uint64_t index,
                                uint8_t ret_hashes[8192], struct err *err);
MUST_USE enum result store_last_entry(struct store *store, uint64_t *ret_size, int64_t *ret_at_s,
                                      struct err *err);
/* Calls `visit` for entries from `seq` on, at most `limit`; visit's failure ends the walk. */
typedef enum result (*entry_visit)(void *ctx, const struct entry *entry, struct err *err);
MUST_USE enum result store_entries(struct store *store, uint64_t seq, uint64_t limit,
                                   entry_visit visit, void *ctx, struct err *err);
/* A device's timeline, newest first, entries below `before` (0 = from the end). */
MUST_USE enum result store_timeline(struct store *store, int64_t device, uint64_t before,
                                    uint64_t limit, entry_visit visit, void *ctx, struct err *err);

/* ---- reading one row ---- */
MUST_USE enum result store_product(struct store *store, int64_t id, struct product *ret,
                                   struct err *err);
MUST_USE enum result store_product_named(struct store *store, struct bytes name,
                                         struct product *ret, struct err *err);
MUST_USE enum result store_device(struct store *store, int64_t id, struct device *ret,
                                  struct err *err);
MUST_USE enum result store_device_named(struct store *store, int64_t product,
                                        struct bytes serial_number, struct device *ret,
                                        struct err *err);
/* The device whose factory-registered key this is (product 0 = any). */
MUST_USE enum result store_device_registered(struct store *store, int64_t product,
                                             const uint8_t spki[32], struct device *ret,
                                             struct err *err);
MUST_USE enum result store_certificate(struct store *store, int64_t id, struct certificate *ret,
                                       struct err *err);
/* By the 16 octets of a serial of one of our issuers; the last five lead to it (design 5, Status
 * index), and the store takes no certificate whose serial says otherwise than its row. */
MUST_USE enum result store_certificate_serial(struct store *store, struct bytes serial,
                                              struct certificate *ret, struct err *err);
/* The newest certificate that (credential, SPKI) obtained (design 5, Renewal). */
MUST_USE enum result store_certificate_asked(struct store *store, const uint8_t credential[32],
                                             const uint8_t spki[32], struct certificate *ret,
                                             struct err *err);
/* Any certificate over this key that is not `device`'s; or R_NOT_FOUND. */
MUST_USE enum result store_certificate_with_key(struct store *store, const uint8_t spki[32],
                                                int64_t other_than_device, struct certificate *ret,
                                                struct err *err);
/* The device's pending and current certificates, newest first. */
MUST_USE enum result store_live_certificates(struct store *store, int64_t device,
                                             struct certificate *ret, size_t max, size_t *ret_n,
                                             struct err *err);
/* The device's certificate that was superseded last. */
MUST_USE enum result store_last_superseded(struct store *store, int64_t device,
                                           struct certificate *ret, struct err *err);
MUST_USE enum result store_anchor(struct store *store, int64_t id, struct authority_row *ret,
                                  struct err *err);
/* Enrolments anew of the device since `since_s`. */
MUST_USE enum result store_count_anew(struct store *store, int64_t device, int64_t since_s,
                                      int64_t *ret_n, struct err *err);
/* Voided certificates of the device since `since_s`. */
MUST_USE enum result store_count_voided(struct store *store, int64_t device, int64_t since_s,
                                        int64_t *ret_n, struct err *err);
MUST_USE enum result store_der(struct store *store, int64_t certificate, struct buf *out,
                               struct err *err);
MUST_USE enum result store_token(struct store *store, const uint8_t hash[32], struct token *ret,
                                 struct err *err);
MUST_USE enum result store_open_tokens(struct store *store, int64_t device, struct token *ret,
                                       size_t max, size_t *ret_n, struct err *err);
MUST_USE enum result store_open_permit(struct store *store, int64_t device, int64_t now_s,
                                       struct permit *ret, struct err *err);
MUST_USE enum result store_open_permits(struct store *store, int64_t device, struct permit *ret,
                                        size_t max, size_t *ret_n, struct err *err);
MUST_USE enum result store_operator(struct store *store, const uint8_t spki[32],
                                    struct operator_row *ret, struct err *err);
MUST_USE enum result store_open_findings(struct store *store, int64_t device, struct finding *ret,
                                         size_t max, size_t *ret_n, struct err *err);
MUST_USE enum result store_personal(struct store *store, const uint8_t digest[32], struct buf *out,
                                    struct err *err);
MUST_USE enum result store_answer(struct store *store, const char *key, struct buf *out,
                                  struct err *err);
MUST_USE enum result store_meta(struct store *store, const char *name, int64_t *ret_value,
                                struct err *err);
MUST_USE enum result store_seen(struct store *store, int64_t device, int64_t *ret_at_s,
                                struct err *err);
MUST_USE enum result store_crl(struct store *store, const struct shard *shard, struct crl_row *ret,
                               struct err *err);
MUST_USE enum result store_last_note(struct store *store, uint64_t *ret_size, struct buf *out,
                                     struct err *err);

/* The bytes that ledger rows know by digest only: every certificate_der row, every personal row. */
typedef enum result (*der_visit)(void *ctx, int64_t certificate, struct bytes der, struct err *err);
MUST_USE enum result store_ders(struct store *store, der_visit visit, void *ctx, struct err *err);
typedef enum result (*personal_visit)(void *ctx, struct bytes digest, struct bytes salt,
                                      struct bytes text, struct err *err);
MUST_USE enum result store_personals(struct store *store, personal_visit visit, void *ctx,
                                     struct err *err);

/* ---- counting and allotting ---- */
MUST_USE enum result store_max_id(struct store *store, enum table table, int64_t *ret_id,
                                  struct err *err);
MUST_USE enum result store_rows(struct store *store, enum table table, int64_t *ret_n,
                                struct err *err);
/* The highest number in (issuer, class); -1 when there is none. */
MUST_USE enum result store_max_number(struct store *store, int64_t issuer, uint32_t class,
                                      int64_t *ret_number, struct err *err);
MUST_USE enum result store_count_devices(struct store *store, int64_t product, int64_t *ret_n,
                                         struct err *err);

/* ---- lists: `visit` per row in id order after the cursor; it may ask the store anything but the
 * list that it is called from (E_BUG) ---- */
#define STORE_VISIT(name, row)                                                                     \
    typedef enum result (*name)(void *ctx, const row *row_, struct err *err)
STORE_VISIT(product_visit, struct product);
STORE_VISIT(authority_visit, struct authority_row);
STORE_VISIT(device_visit, struct device);
STORE_VISIT(certificate_visit, struct certificate);
STORE_VISIT(finding_visit, struct finding);
STORE_VISIT(operator_visit, struct operator_row);

struct filter { /* zero or empty = any; of certificates and findings: what their device has */
    int64_t after;
    uint32_t limit;
    int64_t product;
    int64_t device;
    struct bytes owner; /* then what belongs to no device is left out */
    int state;
    bool open_only;
};

MUST_USE enum result store_products(struct store *store, const struct filter *filter,
                                    product_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_issuers(struct store *store, authority_visit visit, void *ctx,
                                   struct err *err);
MUST_USE enum result store_anchors(struct store *store, authority_visit visit, void *ctx,
                                   struct err *err);
MUST_USE enum result store_devices(struct store *store, const struct filter *filter,
                                   device_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_certificates(struct store *store, const struct filter *filter,
                                        certificate_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_findings(struct store *store, const struct filter *filter,
                                    finding_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_operators(struct store *store, const struct filter *filter,
                                     operator_visit visit, void *ctx, struct err *err);
/* Revoked, superseded, voided and orphaned certificates of a CRL shard that end after `now_s`, in
 * number order. */
MUST_USE enum result store_revoked(struct store *store, const struct shard *shard, int64_t now_s,
                                   certificate_visit visit, void *ctx, struct err *err);
/* Devices whose next instant is at or before `now_s`. */
typedef enum result (*instant_visit)(void *ctx, int64_t device, struct err *err);
MUST_USE enum result store_due(struct store *store, int64_t now_s, uint32_t limit,
                               instant_visit visit, void *ctx, struct err *err);
/* Shards that exist: (issuer, class, part) of every certificate that ends after `now_s`. */
typedef enum result (*shard_visit)(void *ctx, const struct shard *shard, struct err *err);
MUST_USE enum result store_shards(struct store *store, int64_t now_s, shard_visit visit, void *ctx,
                                  struct err *err);
/* Counts for the overview: group is "device" (by state), "certificate" (by state), "issuer"
 * (pending and current certificates by issuer) or "finding" (open, by check). `owner` not empty:
 * only what belongs to devices of that owner. */
typedef enum result (*count_visit)(void *ctx, int64_t key, int64_t n, struct err *err);
MUST_USE enum result store_counts(struct store *store, const char *group, struct bytes owner,
                                  count_visit visit, void *ctx, struct err *err);

/* The canonical dump that replay compares (design 1.2): one line a row of every ledger table but
 * `entry`, in table number and id order: "table id column=value ..." in column number order, NULLs
 * left out, blobs in lower-case hex, text in double quotes with bytes outside printable ASCII,
 * quote and backslash as \xNN. No line feed. "entries N root HEX" is the ledger's own to add. */
typedef enum result (*line_visit)(void *ctx, const char *line, size_t n, struct err *err);
MUST_USE enum result store_dump(struct store *store, line_visit visit, void *ctx, struct err *err);

/* Checks that the back-end's own structures are whole; E_STORE_CORRUPT when not. */
MUST_USE enum result store_check(struct store *store, struct err *err);

#endif
