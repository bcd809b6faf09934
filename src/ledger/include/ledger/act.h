/* A decision on its way into the ledger: one act becomes one entry, and its changes are applied in
 * the transaction that appends it (design 1.2).
 *
 * The entry is deterministic CBOR (RFC 8949 4.2.1), a map of
 *   1 format (1)   2 event   3 at, seconds   4 salt, 16 random octets   5 actor kind   6 actor id
 *   7 device id    8 changes: array of [table, id, {column number: int | text | bytes | null}]
 *   9 note: enum code of a refusal, or absent   10 digest of a personal row, or absent
 * with absent keys where there is nothing. At most LIMIT_ENTRY_BYTES. */
#ifndef LEDGER_ACT_H
#define LEDGER_ACT_H

#include <base/err.h>
#include <store/change.h>

#include <stdint.h>

enum event {
    EVENT_NONE = 0,
#define EVENT(number, NAME, word) EVENT_##NAME = number,
#include <ledger/events.def>
#undef EVENT
};

const char *event_word(enum event event); /* "none" for what events.def does not list */
bool event_is_none(enum event event);

enum actor_kind { ACTOR_NONE = 0, ACTOR_CORE, ACTOR_DEVICE, ACTOR_OPERATOR, ACTOR_LOCAL };

struct actor {
    enum actor_kind kind;
    int64_t id; /* device or operator row; 0 for core and the local socket */
};

#define ACT_CHANGES_MAX 64

struct act {
    enum event event;
    int64_t at_s;
    struct actor actor;
    int64_t device;        /* whose timeline it stands in; 0 = nobody's */
    uint32_t note;         /* error code of a refusal, or 0 */
    struct bytes personal; /* digest, 32 octets, or empty */
    size_t n;
    bool broken; /* a change too many: ledger_append() refuses it */
    struct change changes[ACT_CHANGES_MAX];
};

void act_begin(struct act *act, enum event event, int64_t at_s, struct actor actor, int64_t device);

/* The next row change of the act; the builders of store/change.h fill it. Never NULL. */
struct change *act_change(struct act *act, enum table table, int64_t id);

#endif
