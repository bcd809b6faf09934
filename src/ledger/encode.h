/* An act as the bytes of its entry: the map that ledger/act.h describes. */
#ifndef LEDGER_ENCODE_H
#define LEDGER_ENCODE_H

#include <ledger/act.h>
#include <wire/buf.h>

#define ENTRY_FORMAT 1
#define ENTRY_SALT_N 16

/* Whoever sees an entry's hash cannot guess its bytes: the salt. `at_s` is the entry's own time,
 * which may be after the act's. The caller asks buf_ok(). */
void encode_entry(struct buf *out, const struct act *act, int64_t at_s,
                  const uint8_t salt[ENTRY_SALT_N]);

#endif
