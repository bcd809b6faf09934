#include "table.h"

/* FIELDS_name(F) does not hand the message's name to F, but offsetof() needs its struct: so each
 * message has a function of its own, in which `struct_here` is that struct. */
#define ROW_field(kind, field, max) {FIELD_##kind, offsetof(struct_here, field), max, #field},
#define ROW_u8(field, max) ROW_field(u8, field, max)
#define ROW_u32(field, max) ROW_field(u32, field, max)
#define ROW_i64(field, max) ROW_field(i64, field, max)
#define ROW_u64(field, max) ROW_field(u64, field, max)
#define ROW_hash(field, max) ROW_field(hash, field, max)
#define ROW_bytes(field, max) ROW_field(bytes, field, max)
#define ROW_fd(field, max) {FIELD_fd, 0, max, #field},
#define ROW(kind, field, max) ROW_##kind(field, max)

#define MESSAGE(number, NAME, name, from, to)                                                      \
    static const struct field_row *fields_of_##name(void)                                          \
    {                                                                                              \
        typedef struct msg_##name struct_here;                                                     \
        static const struct field_row rows[] = {FIELDS_##name(ROW){FIELD_end, 0, 0, NULL}};        \
        return rows;                                                                               \
    }
#include <ipc/messages.def>
#undef MESSAGE

/* The longest that a message can be must fit. */
#define SIZE_u8(max) +1
#define SIZE_u32(max) +4
#define SIZE_i64(max) +8
#define SIZE_u64(max) +8
#define SIZE_hash(max) +32
#define SIZE_bytes(max) +4 + (max)
#define SIZE_fd(max)
#define SIZE(kind, field, max) SIZE_##kind(max)
#define MESSAGE(number, NAME, name, from, to)                                                      \
    _Static_assert(2 FIELDS_##name(SIZE) <= LIMIT_MESSAGE_BYTES, #name " is too long");
#include <ipc/messages.def>
#undef MESSAGE

/* enum fd_rule as a sum: nothing, 1 + 0 or 1 + 1. */
#define FD_u8(max)
#define FD_u32(max)
#define FD_i64(max)
#define FD_u64(max)
#define FD_hash(max)
#define FD_bytes(max)
#define FD_fd(max) +1 + (max)
#define FD(kind, field, max) FD_##kind(max)
#define MESSAGE(number, NAME, name, from, to)                                                      \
    [number] = {#name, IPC_##from, IPC_##to, (enum fd_rule)(0 FIELDS_##name(FD)), fields_of_##name},
static const struct message_row messages[] = {
#include <ipc/messages.def>
};
#undef MESSAGE

#define MESSAGE(number, NAME, name, from, to) IPC_##NAME,
static const enum ipc_type types[] = {
#include <ipc/messages.def>
};
#undef MESSAGE

static const char *const role_names[] = {
    [IPC_NOBODY] = "nobody", [IPC_FRONT] = "front",     [IPC_DESK] = "desk",
    [IPC_READER] = "reader", [IPC_CORE] = "core",       [IPC_SIGNER] = "signer",
    [IPC_LOADER] = "loader", [IPC_COURIER] = "courier", [IPC_SUPERVISOR] = "supervisor",
};

const struct message_row *message_find(enum ipc_type type)
{
    if ((size_t)type >= LENGTH_OF(messages) || messages[type].name == NULL)
        return NULL;
    return &messages[type];
}

bool ipc_is_allowed(enum ipc_type type, enum ipc_role from, enum ipc_role to)
{
    const struct message_row *row = message_find(type);
    return row != NULL && from != IPC_NOBODY && row->from == from && row->to == to;
}

const char *ipc_name(enum ipc_type type)
{
    const struct message_row *row = message_find(type);
    return row != NULL ? row->name : "unknown";
}

const char *ipc_role_name(enum ipc_role role)
{
    return (size_t)role < LENGTH_OF(role_names) ? role_names[role] : "unknown";
}

enum ipc_type ipc_type_at(size_t index)
{
    return index < LENGTH_OF(types) ? types[index] : IPC_NONE;
}
