/* Entries that take two people: what carries them (design 5, ledger/two_people.def). */
#ifndef LEDGER_REPLAY_PEOPLE_H
#define LEDGER_REPLAY_PEOPLE_H

#include "replay_rows.h"

#include <ledger/replay.h>

/* NULL, or the rule that the entry breaks. `rows` are those before it; `last_operator` the greatest
 * row number of an operator there. */
const char *replay_check_people(const struct replay_rows *rows, const struct replay_entry *entry,
                                const struct merkle_hash *hash, const struct countersigner *signer,
                                int64_t last_operator);

/* The greatest row number of an operator in the entry; 0 without one. */
int64_t replay_last_operator(const struct replay_entry *entry);

#endif
