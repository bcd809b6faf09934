/* A backup is a folder: everything but the keys and the signer's journal. Private to app.
 *
 *   troth.db     the database as of one commit
 *   checkpoint   signed; of its entries, or of a few more (C2SP tlog-checkpoint)
 *   proof        that these extend those: hashes in hexadecimal (RFC 9162 2.1.4)
 *   ca/          certificates of the authorities, and the ceremony's record
 *   public/      what is served, without tiles; also the root's CRLs of years ahead
 *   SHA256SUMS   of all other files, as sha256sum(1) writes and checks it; written last,
 *                so that a folder without it is no backup
 *
 * The journal is in no backup: an older one is a signer that has forgotten (design 3). Keys
 * leave by `trothd keys export` alone. */
#ifndef APP_BACKUP_H
#define APP_BACKUP_H

#include <base/config.h>
#include <store/store.h>

#define BACKUP_DATABASE "troth.db"
#define BACKUP_PUBLIC "public"
#define BACKUP_CA "ca"
#define BACKUP_CHECKPOINT "checkpoint"
#define BACKUP_PROOF "proof"
#define BACKUP_SUMS "SHA256SUMS"
#define BACKUP_PATH_MAX (CONFIG_PATH_MAX + 256)

struct backup_size {
    uint64_t files, octets;
};

/* Which files are copied, by their path below the root. */
struct backup_filter {
    bool (*is_wanted)(void *ctx, const char *below);
    void *ctx;
};
/* Copies what is below `from` and not there yet below `to`; `filter` may be NULL: all. Folders are
 * made 0755 when something goes into them, files keep their mode. `from` may be a link to a folder;
 * links below it are refused (E_BACKUP). E_IO. */
MUST_USE enum result backup_copy_tree(const char *from, const char *to,
                                      const struct backup_filter *filter, struct err *err);

/* Every file below `folder`, in the order of SHA256SUMS; `below` is its path there. */
typedef enum result (*backup_visit)(void *ctx, const char *path, const char *below,
                                    struct err *err);
MUST_USE enum result backup_each_file(const char *folder, backup_visit visit, void *ctx,
                                      struct err *err);

/* One file, synced; E_CONFLICT when `to` is there, E_NOT_FOUND when `from` is not. */
MUST_USE enum result backup_copy_file(const char *from, const char *to, struct err *err);

/* Writes SHA256SUMS of everything in `folder`; and: compares it. Whoever changes files changes sums
 * alike: they tell rot from health. What is true, the signatures in the database say. E_BACKUP
 * names the first file that is missing, different or not listed, or whose name has a control
 * character; E_NOT_FOUND: there is no such folder. */
MUST_USE enum result backup_seal(const char *folder, struct backup_size *ret, struct err *err);
MUST_USE enum result backup_check(const char *folder, struct backup_size *ret, struct err *err);

#endif
