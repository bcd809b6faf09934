/* Entries that set a policy or waive findings: versions follow each other, a waiver is made by who
 * may, ends once, and is never longer than it was. Private to ledger. */
#ifndef LEDGER_REPLAY_DECISIONS_H
#define LEDGER_REPLAY_DECISIONS_H

#include "replay_rows.h"

#include <ledger/replay.h>

/* NULL, or the rule that the entry breaks. `rows` are those before it. */
const char *replay_check_decisions(const struct replay_rows *rows, const struct replay_entry *entry,
                                   const struct merkle_hash *hash);

/* Does a waiver of this check take two people? Those whose severity is, or can rise, above medium.
 * An old ledger is judged by it too: a check changes sides under a new number only. */
bool replay_waiver_takes_two(int64_t check);

#endif
