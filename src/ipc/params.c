#include <ipc/params.h>

#include "table.h"

#include <wire/approval.h>

#include <string.h>

#define HASH_BYTES 32

/* What every verb's message starts with: so many fields. The struct's size would not do, since a
 * small field behind them lies in what would be its padding. */
#define COUNT_FIELD(kind, field, max) +1
enum { ASKED_FIELDS = 0 FIELDS_asked(COUNT_FIELD) };
#undef COUNT_FIELD

static size_t count_fields(const struct field_row *fields)
{
    size_t n = 0;
    for (; fields->kind != FIELD_end; fields++)
        n += fields->kind != FIELD_fd;
    return n;
}

/* The first field behind the common ones; NULL for what is no verb. */
static const struct field_row *own_fields(enum ipc_type type)
{
    const struct message_row *row = message_find(type);
    const struct field_row *field = row != NULL ? row->fields() : NULL;
    bool has_asker = false;
    for (size_t i = 0; field != NULL && field->kind != FIELD_end && i < ASKED_FIELDS; i++, field++)
        has_asker = has_asker || strcmp(field->name, "operator_spki") == 0;
    return has_asker ? field : NULL;
}

static void put_value(struct buf *b, const struct field_row *field, const void *at)
{
    switch (field->kind) {
    case FIELD_u8:
        cbor_write_uint(b, *(const uint8_t *)at);
        return;
    case FIELD_u32:
        cbor_write_uint(b, *(const uint32_t *)at);
        return;
    case FIELD_i64:
        cbor_write_int(b, *(const int64_t *)at);
        return;
    case FIELD_u64:
        cbor_write_uint(b, *(const uint64_t *)at);
        return;
    case FIELD_hash:
        cbor_write_bytes(b, bytes_of(at, HASH_BYTES));
        return;
    case FIELD_bytes:
        approval_write_octets(b, *(const struct bytes *)at);
        return;
    case FIELD_fd:
    case FIELD_end:
        return;
    }
}

enum result ipc_write_params(enum ipc_type type, const void *message, struct buf *b,
                             struct err *err)
{
    const struct field_row *field = own_fields(type);
    if (field == NULL)
        return err_set(err, E_BUG, "%s is no verb", ipc_name(type));
    cbor_write_array(b, count_fields(field));
    for (; field->kind != FIELD_end; field++) {
        if (field->kind == FIELD_fd)
            continue;
        cbor_write_array(b, 2);
        cbor_write_text(b, bytes_of(field->name, strlen(field->name)));
        put_value(b, field, (const uint8_t *)message + field->offset);
    }
    return OK;
}

/* False when the value is not one that the field can have. */
static bool get_value(const struct field_row *field, const struct approval_value *value, void *at)
{
    bool is_number = value->type == CBOR_UINT;
    bool is_octets = value->type == CBOR_TEXT || value->type == CBOR_BYTES;
    switch (field->kind) {
    case FIELD_u8:
        *(uint8_t *)at = (uint8_t)value->number;
        return is_number && value->number <= UINT8_MAX;
    case FIELD_u32:
        *(uint32_t *)at = (uint32_t)value->number;
        return is_number && value->number <= UINT32_MAX;
    case FIELD_i64:
        *(int64_t *)at = value->number;
        return is_number || value->type == CBOR_NEGATIVE;
    case FIELD_u64:
        *(uint64_t *)at = (uint64_t)value->number;
        return is_number;
    case FIELD_hash:
        if (value->type != CBOR_BYTES || value->bytes.n != HASH_BYTES)
            return false;
        memcpy(at, value->bytes.p, HASH_BYTES);
        return true;
    case FIELD_bytes:
        *(struct bytes *)at = value->bytes;
        return is_octets && value->bytes.n <= field->max;
    case FIELD_fd:
    case FIELD_end:
        break;
    }
    return false;
}

enum result ipc_read_params(enum ipc_type type, struct bytes params, struct ipc_message *ret,
                            struct err *err)
{
    const struct field_row *field = own_fields(type);
    struct ipc_message got = {.type = type, .fd = -1};
    struct reader walk = approval_walk(params);
    uint8_t *fields = (uint8_t *)&got.enrol; /* all structs of the union begin there */
    struct approval_value value;
    struct bytes name;
    if (field == NULL)
        return err_set(err, E_BUG, "%s is no verb", ipc_name(type));
    for (; field->kind != FIELD_end; field++) {
        if (field->kind == FIELD_fd)
            continue;
        bool is_there = approval_next_pair(&walk, &name, &value) &&
                        bytes_equal(name, bytes_of(field->name, strlen(field->name)));
        if (!is_there || !get_value(field, &value, fields + field->offset))
            return err_set(err, E_SYNTAX, "%s.%s is not there as it must be", ipc_name(type),
                           field->name);
    }
    if (!reader_end(&walk))
        return err_set(err, E_SYNTAX, "%s has more parameters than it takes", ipc_name(type));
    *ret = got;
    return OK;
}
