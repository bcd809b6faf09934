/* Reading one entry back: replay, the verifier and whoever hands entries on. What the writer makes
 * is ledger/act.h. */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include <wire/bytes.h>

#define REPLAY_CHANGES_MAX 64

struct replay_change {
    uint64_t table;
    int64_t id;
    struct bytes cells; /* pairs of column number and value, in column order, as they stand */
};

struct replay_entry { /* points into the entry's bytes */
    int64_t event;
    int64_t at_s;
    uint64_t actor_kind;
    int64_t actor;
    int64_t device;
    uint64_t note;
    struct bytes personal;
    size_t n;
    struct replay_change changes[REPLAY_CHANGES_MAX];
};

/* False, with the rule that is broken in `why`, for anything that is not an entry. */
bool replay_decode(struct bytes body, struct replay_entry *ret, const char **why);

#endif
