/* The ledger's own rows: entries and hash tiles. What they mean is src/ledger's. */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include <base/err.h>
#include <wire/bytes.h>

struct store;

struct entry {
    uint64_t seq;
    int64_t at_s;
    int event;
    int64_t device;
    struct bytes body; /* valid until the next read */
};
MUST_USE enum result store_append_entry(struct store *store, const struct entry *entry,
                                        struct err *err);
/* The entry changed this device too: it stands in its timeline as well. */
MUST_USE enum result store_put_entry_touches(struct store *store, uint64_t seq, int64_t device,
                                             struct err *err);
MUST_USE enum result store_put_tile(struct store *store, int level, uint64_t index,
                                    struct bytes hashes, struct err *err);
MUST_USE enum result store_tile(struct store *store, int level, uint64_t index,
                                uint8_t ret_hashes[8192], struct err *err);
MUST_USE enum result store_last_entry(struct store *store, uint64_t *ret_size, int64_t *ret_at_s,
                                      struct err *err);
/* When the last backup of that kind (trust/words.h) was noted; before there is one, when the ledger
 * began; 0 when it is empty. */
MUST_USE enum result store_backup_at(struct store *store, int kind, int64_t *ret_s,
                                     struct err *err);
/* Calls `visit` for entries from `seq` on, at most `limit`; visit's failure ends the walk. */
typedef enum result (*entry_visit)(void *ctx, const struct entry *entry, struct err *err);
MUST_USE enum result store_entries(struct store *store, uint64_t seq, uint64_t limit,
                                   entry_visit visit, void *ctx, struct err *err);
/* All entries of that event about a device, the oldest first. */
MUST_USE enum result store_entries_of(struct store *store, int64_t device, int event,
                                      entry_visit visit, void *ctx, struct err *err);
/* When an entry of the one or the other event was about the device last; 0 = none was. */
MUST_USE enum result store_last_of_events(struct store *store, int64_t device, int event,
                                          int or_event, int64_t *ret_at_s, struct err *err);
/* A device's timeline, newest first. */
struct timeline {
    int64_t device;
    uint64_t before; /* only entries below it; 0: from the end */
    uint64_t limit;
};
MUST_USE enum result store_timeline(struct store *store, const struct timeline *which,
                                    entry_visit visit, void *ctx, struct err *err);

#endif
