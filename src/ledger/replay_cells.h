/* Cells of a replayed row, by the numbers of the definitions; for the rules that entries must keep.
 * Private to ledger. */
#ifndef LEDGER_REPLAY_CELLS_H
#define LEDGER_REPLAY_CELLS_H

#include <wire/cbor.h>

/* Tables, columns and events by the numbers of their definitions. */
enum {
#define TABLE(number, NAME, sql, kind) TABLE_##NAME = number,
#define COLUMN(number, TABLE, NAME, sql, type) COL_##TABLE##_##NAME = number,
#include <store/tables.def>
#undef TABLE
#undef COLUMN
};
enum {
#define EVENT(number, NAME, word) EVENT_##NAME = number,
#include <ledger/events.def>
#undef EVENT
};

/* A reader at the value of a column; empty when there is none. */
static inline struct reader value_of(struct bytes cells, uint8_t column)
{
    struct reader r = reader_of(cells);
    while (r.left > 0 && reader_u8(&r) != column)
        cbor_skip(&r);
    return r;
}

static inline bool has(struct bytes cells, uint8_t column)
{
    return value_of(cells, column).left > 0;
}

/* 0 or empty for NULL, for another type, and for what is not there. */
static inline int64_t int_of(struct bytes cells, uint8_t column)
{
    struct reader r = value_of(cells, column);
    return r.left > 0 && cbor_peek(&r) != CBOR_NULL ? cbor_read_int(&r) : 0;
}

static inline struct bytes octets_of(struct bytes cells, uint8_t column)
{
    struct reader r = value_of(cells, column);
    return r.left > 0 && cbor_peek(&r) == CBOR_BYTES ? cbor_read_bytes(&r) : bytes_of(NULL, 0);
}

static inline struct bytes text_of(struct bytes cells, uint8_t column)
{
    struct reader r = value_of(cells, column);
    return r.left > 0 && cbor_peek(&r) == CBOR_TEXT ? cbor_read_text(&r) : bytes_of(NULL, 0);
}

#endif
