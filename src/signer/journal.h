/* Private: the journal of everything that was signed. Append-only, never in a backup.
 *
 * The file is "troth-journal-1\n" and then frames: u32 length of the records, u32 its complement,
 * records, and SHA-256 over (the SHA-256 of the frame before || length || complement || records),
 * which for the first frame is that of the first line. One batch is one frame, written by one write
 * and made durable by one fdatasync before anything of it is signed. A frame that a crash cut short
 * is therefore always the last one, and nothing of it has left: it is cut off. Any other damage is
 * an error, and the signer does not start.
 *
 * Records are numbered from 1: the position. */
#ifndef SIGNER_JOURNAL_H
#define SIGNER_JOURNAL_H

#include "memory.h"

struct journal;

/* A new file. Whoever opens a journal never makes one: a signer without has forgotten. E_CONFLICT
 * when it is there, E_IO. */
MUST_USE enum result journal_create(const char *path, struct err *err);

/* Takes the file for this process alone. E_JOURNAL for damage and when there is none, E_IN_USE
 * when another process has it, E_IO. The caller owns `ret`. */
MUST_USE enum result journal_open(const char *path, struct journal **ret, struct err *err);
void journal_close(struct journal *journal);
void journal_closep(struct journal **journal);

const struct memory *journal_memory(const struct journal *journal);
uint64_t journal_position(const struct journal *journal);

/* Remembers one act, which is in memory at once and durable after journal_commit. Refused by the
 * rules of memory_check; E_BUSY when the frame is full. */
MUST_USE enum result journal_add(struct journal *journal, const struct record *record,
                                 uint64_t *ret_position, struct err *err);

/* Makes all that was added durable. R_BUSY when the file cannot grow: nothing was written, and
 * nothing of it may be signed. After any other failure the process must end: what the disk has is
 * unknown, and trying again would not tell. */
MUST_USE enum result journal_commit(struct journal *journal, struct err *err);

/* Is there room on the disk for certificates? Keeps a reserve for CRLs and checkpoints, which
 * therefore go on for a while when the disk is full. */
bool journal_has_room(struct journal *journal);

/* Calls for each durable record behind position `after`, in order, until `visit` fails. E_IO. */
struct journal_visitor {
    enum result (*visit)(void *context, uint64_t position, const struct record *record,
                         struct err *err);
    void *context;
};
MUST_USE enum result journal_each(struct journal *journal, uint64_t after,
                                  const struct journal_visitor *visitor, struct err *err);

#endif
