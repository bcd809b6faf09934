/* Entries that give a device to another owner: both sides' signatures over the same bytes, and no
 * other way (docs/decisions/transfer.md). */
#ifndef LEDGER_REPLAY_TRANSFER_H
#define LEDGER_REPLAY_TRANSFER_H

#include "replay_rows.h"

#include <ledger/replay.h>

/* NULL, or the rule that the entry breaks. `rows` are those before it. */
const char *replay_check_transfer(const struct replay_rows *rows, const struct replay_entry *entry,
                                  const struct merkle_hash *hash,
                                  const struct countersigner *signer);

#endif
