/* store/tables.def as replay knows it. */
#ifndef LEDGER_REPLAY_TABLES_H
#define LEDGER_REPLAY_TABLES_H

#include <stdint.h>

#define REPLAY_COLUMNS 21 /* numbers below this; one octet of CBOR each */

enum replay_type { REPLAY_NO_COLUMN = 0, REPLAY_INT, REPLAY_TEXT, REPLAY_BLOB };

/* NULL for a table that entries may not change. */
const char *replay_table_name(uint64_t table);
enum replay_type replay_column_type(uint64_t table, uint64_t column);
const char *replay_column_name(uint64_t table, uint64_t column);

#endif
