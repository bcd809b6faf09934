#include "table.h"

#include <wire/buf.h>
#include <wire/reader.h>

#include <string.h>

#define HASH_BYTES 32

/* False when the value is longer than the field may be. */
static bool put_field(struct buf *to, const struct field_row *row, const void *at)
{
    const struct bytes *b = at;
    switch (row->kind) {
    case FIELD_u8:
        buf_put_u8(to, *(const uint8_t *)at);
        return true;
    case FIELD_u32:
        buf_put_u32be(to, *(const uint32_t *)at);
        return true;
    case FIELD_i64:
    case FIELD_u64:
        buf_put_u64be(to, *(const uint64_t *)at);
        return true;
    case FIELD_hash:
        buf_put_bytes(to, bytes_of(at, HASH_BYTES));
        return true;
    case FIELD_bytes:
        buf_put_u32be(to, (uint32_t)b->n);
        buf_put_bytes(to, *b);
        return b->n <= row->max;
    case FIELD_fd:
    case FIELD_end:
        return true;
    }
    return false;
}

static void get_bytes(struct reader *from, size_t max, struct bytes *ret)
{
    size_t n = reader_u32be(from);
    if (n > max)
        reader_fail(from, "longer than the field may be");
    *ret = reader_bytes(from, n);
}

static void get_field(struct reader *from, const struct field_row *row, void *at)
{
    struct bytes hash;
    switch (row->kind) {
    case FIELD_u8:
        *(uint8_t *)at = reader_u8(from);
        return;
    case FIELD_u32:
        *(uint32_t *)at = reader_u32be(from);
        return;
    case FIELD_i64:
    case FIELD_u64:
        *(uint64_t *)at = reader_u64be(from);
        return;
    case FIELD_hash:
        hash = reader_bytes(from, HASH_BYTES);
        memcpy(at, hash.n > 0 ? hash.p : (const uint8_t[HASH_BYTES]){0}, HASH_BYTES);
        return;
    case FIELD_bytes:
        get_bytes(from, row->max, at);
        return;
    case FIELD_fd:
    case FIELD_end:
        return;
    }
}

enum result ipc_encode(enum ipc_type type, const void *message, uint8_t *to, size_t max,
                       size_t *ret_n, struct err *err)
{
    const struct message_row *row = message_find(type);
    if (row == NULL)
        return err_set(err, E_BUG, "there is no message type %u", (unsigned)type);
    struct buf out = buf_over(to, max);
    buf_put_u16be(&out, (uint16_t)type);
    for (const struct field_row *f = row->fields(); f->kind != FIELD_end; f++)
        if (!put_field(&out, f, (const uint8_t *)message + f->offset))
            return err_set(err, E_BUG, "%s.%s is longer than %zu bytes", row->name, f->name,
                           f->max);
    if (!buf_ok(&out))
        return err_set(err, E_TOO_LARGE, "%s does not fit into %zu bytes", row->name, max);
    *ret_n = out.n;
    return OK;
}

enum result ipc_decode(struct bytes wire, struct ipc_message *ret, struct err *err)
{
    struct reader in = reader_of(wire);
    struct ipc_message got = {.type = (enum ipc_type)reader_u16be(&in), .fd = -1};
    const struct message_row *row = message_find(got.type);
    if (row == NULL)
        return err_set(err, E_SYNTAX, "message type %u is not in the table", (unsigned)got.type);
    uint8_t *fields = (uint8_t *)&got.enrol; /* all structs of the union begin there */
    for (const struct field_row *f = row->fields(); f->kind != FIELD_end; f++) {
        get_field(&in, f, fields + f->offset);
        if (!reader_ok(&in))
            return err_set(err, E_SYNTAX, "%s.%s: %s", row->name, f->name, in.why);
    }
    if (!reader_end(&in))
        return err_set(err, E_SYNTAX, "%s: %s", row->name, in.why);
    *ret = got;
    return OK;
}
