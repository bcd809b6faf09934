#include "encode.h"

#include <wire/cbor.h>

static void write_cell(struct buf *out, const struct cell *cell)
{
    cbor_write_uint(out, (uint64_t)cell->column % COLUMNS_PER_TABLE);
    switch (cell->type) {
    case TYPE_NONE:
        cbor_write_null(out);
        return;
    case TYPE_INT:
        cbor_write_int(out, cell->number);
        return;
    case TYPE_TEXT:
        cbor_write_text(out, cell->bytes);
        return;
    case TYPE_BLOB:
        cbor_write_bytes(out, cell->bytes);
        return;
    }
}

static void write_change(struct buf *out, const struct change *change)
{
    cbor_write_array(out, 3);
    cbor_write_uint(out, (uint64_t)change->table);
    cbor_write_int(out, change->id);
    cbor_write_map(out, change->n);
    for (size_t i = 0; i < change->n; i++)
        write_cell(out, &change->cells[i]);
}

static void write_changes(struct buf *out, const struct act *act)
{
    cbor_write_uint(out, 8);
    cbor_write_array(out, act->n);
    for (size_t i = 0; i < act->n; i++)
        write_change(out, &act->changes[i]);
}

static void write_pair(struct buf *out, uint64_t key, int64_t value)
{
    if (value == 0)
        return;
    cbor_write_uint(out, key);
    cbor_write_int(out, value);
}

void encode_entry(struct buf *out, const struct act *act, int64_t at_s,
                  const uint8_t salt[ENTRY_SALT_N])
{
    size_t pairs = 4 + (act->actor.kind != 0) + (act->actor.id != 0) + (act->device != 0) +
                   (act->n > 0) + (act->note != 0) + !bytes_is_empty(act->personal);
    cbor_write_map(out, pairs);
    write_pair(out, 1, ENTRY_FORMAT);
    write_pair(out, 2, act->event);
    cbor_write_uint(out, 3);
    cbor_write_int(out, at_s);
    cbor_write_uint(out, 4);
    cbor_write_bytes(out, bytes_of(salt, ENTRY_SALT_N));
    write_pair(out, 5, act->actor.kind);
    write_pair(out, 6, act->actor.id);
    write_pair(out, 7, act->device);
    if (act->n > 0)
        write_changes(out, act);
    write_pair(out, 9, act->note);
    if (!bytes_is_empty(act->personal)) {
        cbor_write_uint(out, 10);
        cbor_write_bytes(out, act->personal);
    }
}
