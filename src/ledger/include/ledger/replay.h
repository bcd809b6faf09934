/* Replay: the rows of the ledger tables from the entries alone (design 1.2). It reads entries by
 * the description in ledger/act.h with wire/cbor, and shares no code with what writes them or with
 * the database: tables.def is the only thing both know.
 *
 * Rows are held in memory, about 400 octets a certificate. One thread. */
#ifndef LEDGER_REPLAY_H
#define LEDGER_REPLAY_H

#include <base/err.h>
#include <wire/merkle.h>

#include <stdbool.h>

struct replay;

/* `hash` must outlive it. E_MEMORY. */
MUST_USE enum result replay_new(const struct merkle_hash *hash, struct replay **ret,
                                struct err *err);
void replay_free(struct replay *replay);
void replay_freep(struct replay **replay);

/* Who checks signatures (wire/approval.h): a countersignature with the log's ES256 key, and a
 * person's with his own (SubjectPublicKeyInfo, P-256). */
struct countersigner {
    bool (*check)(void *ctx, struct bytes message,
                  struct bytes signature); /* NULL: it must be there */
    void *ctx;
    bool (*verify)(struct bytes spki, struct bytes message,
                   struct bytes signature); /* NULL: it must be there */
};
void replay_trust(struct replay *replay, const struct countersigner *signer);

/* What an entry says beside its changes. */
struct replayed {
    int event;
    int64_t at_s;
    int64_t device; /* 0: nobody's */
    uint8_t leaf[MERKLE_HASH_N];
};

/* Takes the next entry. E_LEDGER with its number and the rule that it breaks: bytes that the writer
 * never makes, a time before the last entry's, a row that cannot be, an act of one where it takes
 * two. `ret` may be NULL. */
MUST_USE enum result replay_add(struct replay *replay, struct bytes body, struct replayed *ret,
                                struct err *err);

uint64_t replay_size(const struct replay *replay);
void replay_root(const struct replay *replay, uint8_t ret[MERKLE_HASH_N]);

/* The canonical dump (store/store.h) line by line: begin, then until false. A line is valid until
 * the next one, without line feed. No entry may be added in between. */
void replay_begin_lines(struct replay *replay);
bool replay_next_line(struct replay *replay, struct bytes *ret);

/* A TEXT or BLOB of a row (numbers of tables.def); false when it has none. Valid until the next
 * entry. */
bool replay_find(const struct replay *replay, int table, int64_t id, int column, struct bytes *ret);

#endif
