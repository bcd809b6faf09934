/* The rows that replay builds, and how they are written. */
#ifndef LEDGER_REPLAY_ROWS_H
#define LEDGER_REPLAY_ROWS_H

#include <ledger/entry.h>

#include <base/result.h>
#include <wire/buf.h>

struct replay_row;

struct replay_rows {
    struct replay_row *first; /* the map, and in order once sorted */
    struct replay_row *next;  /* line to come */
    uint8_t *room;            /* for one row or one line, REPLAY_ROOM */
};

MUST_USE enum result replay_rows_begin(struct replay_rows *rows);
void replay_rows_free(struct replay_rows *rows);

/* R_MEMORY; nothing else can fail, the change was decoded. */
MUST_USE enum result replay_rows_apply(struct replay_rows *rows,
                                       const struct replay_change *change);

/* The cells of a row; empty when there is none. */
struct bytes replay_rows_cells(const struct replay_rows *rows, uint64_t table, int64_t id);

void replay_rows_sort(struct replay_rows *rows);
bool replay_rows_line(struct replay_rows *rows, struct bytes *ret);

#endif
