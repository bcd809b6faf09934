/* Private: the journal's octets, as src/signer/journal.h describes them. */
#ifndef SIGNER_JOURNAL_READ_H
#define SIGNER_JOURNAL_READ_H

#include "memory.h"

#include <base/err.h>
#include <crypto/hash.h>

#define JOURNAL_MAGIC "troth-journal-1\n"
#define JOURNAL_MAGIC_N (sizeof(JOURNAL_MAGIC) - 1)
#define FRAME_HEAD_N 8          /* length and complement */
#define FRAME_RECORDS_MAX 65536 /* octets */

struct journal_found {
    size_t end;        /* of the last whole frame; 0: the first line is not whole either */
    uint64_t position; /* of the last record */
    uint8_t chain[SHA256_N];
};

/* Reads a whole journal into `memory`, which is the caller's also on failure. What follows the last
 * whole frame is a frame that a crash cut short. E_JOURNAL for any other damage. */
MUST_USE enum result journal_replay(struct bytes file, struct memory *memory,
                                    struct journal_found *ret, struct err *err);

/* `head_and_records` is the frame without its hash; `before` and `ret` may be the same. */
void journal_hash_frame(const uint8_t before[SHA256_N], struct bytes head_and_records,
                        uint8_t ret[SHA256_N]);

#endif
