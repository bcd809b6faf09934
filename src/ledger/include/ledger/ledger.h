/* The ledger: an append-only RFC 6962 log whose entries change the ledger tables.
 * Only core has one open; one thread. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <ledger/act.h>
#include <store/store.h>
#include <wire/merkle.h>

struct ledger;

/* Loads size and tree frontier from the store (a second for millions of entries at most). `store`
 * and what `hash` points to must outlive the ledger; crypto/hash.h has the adapter. Over a reader's
 * store it answers for the entries that were committed when it was opened. */
MUST_USE enum result ledger_open(struct store *store, const struct merkle_hash *hash,
                                 struct ledger **ret_ledger, struct err *err);
void ledger_close(struct ledger *ledger);
void ledger_closep(struct ledger **ledger);

/* Appends `act` inside the store's open transaction: applies its changes, stores the entry, grows
 * the tree. Entries take max(at, last entry's at) (design 5, Time). `ret_seq` (may be NULL) is its
 * index. */
MUST_USE enum result ledger_append(struct ledger *ledger, const struct act *act, uint64_t *ret_seq,
                                   struct err *err);

/* After the transaction committed, or was rolled back: the tree follows the rows. */
void ledger_committed(struct ledger *ledger);
void ledger_rolled_back(struct ledger *ledger);

/* A part of the transaction begins, and was undone (store_part_begin()): so with its entries. */
void ledger_part_begun(struct ledger *ledger);
void ledger_part_undone(struct ledger *ledger);

uint64_t ledger_size(const struct ledger *ledger);     /* committed entries */
int64_t ledger_last_at_s(const struct ledger *ledger); /* of the last entry; 0 when empty */
void ledger_root(const struct ledger *ledger, uint8_t ret_root[32]);

/* Of the first `size` entries; E_NOT_FOUND when there are fewer. */
MUST_USE enum result ledger_root_at(struct ledger *ledger, uint64_t size, uint8_t ret_root[32],
                                    struct err *err);

/* Proof that the tree of `size` entries extends that of `old_size` (RFC 9162 2.1.4.1), and that
 * entry `index` stands in the tree of `size` (2.1.3.1); hashes of 32 octets appended to `out`. */
MUST_USE enum result ledger_prove_consistency(struct ledger *ledger, uint64_t old_size,
                                              uint64_t size, struct buf *out, struct err *err);
MUST_USE enum result ledger_prove_inclusion(struct ledger *ledger, uint64_t index, uint64_t size,
                                            struct buf *out, struct err *err);

/* Writes the hash tiles for `size` and then the checkpoint `note` beneath the public directory
 * (C2SP tlog-tiles: tile/0/x001/234.p/56), each whole or not at all. E_LEDGER when the note does
 * not say what the log has. NOT checked: its signatures. */
MUST_USE enum result ledger_publish(struct ledger *ledger, int public_dir, struct bytes note,
                                    uint64_t size, struct err *err);

#endif
