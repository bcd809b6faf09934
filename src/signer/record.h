/* Private: one record of the journal as octets. */
#ifndef SIGNER_RECORD_H
#define SIGNER_RECORD_H

#include "memory.h"

#include <wire/buf.h>
#include <wire/reader.h>

#define RECORD_MAX 176 /* octets */

void record_write(struct buf *b, const struct record *record);

/* Fails the reader on an unknown kind. */
struct record record_read(struct reader *r);

#endif
