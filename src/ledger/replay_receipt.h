/* The receipt of a transfer against the rows that it speaks of. Private to ledger. */
#ifndef LEDGER_REPLAY_RECEIPT_H
#define LEDGER_REPLAY_RECEIPT_H

#include "replay_rows.h"

#include <wire/merkle.h>

/* NULL, or the rule that the change, which ends a transfer as done, breaks by its receipt or by
 * having none. `rows` are those before the entry. */
const char *replay_check_receipt(const struct replay_rows *rows, const struct replay_entry *entry,
                                 const struct replay_change *change,
                                 const struct merkle_hash *hash);

#endif
