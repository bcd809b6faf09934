/* The table of messages as the codec reads it; made from ipc/messages.def. Private to ipc. */
#ifndef IPC_TABLE_H
#define IPC_TABLE_H

#include <ipc/ipc.h>

#include <stdbool.h>
#include <stddef.h>

enum field_kind {
    FIELD_end = 0,
    FIELD_u8,
    FIELD_u32,
    FIELD_i64,
    FIELD_u64,
    FIELD_hash,
    FIELD_bytes,
    FIELD_fd,
};

struct field_row {
    enum field_kind kind;
    size_t offset; /* in struct msg_NAME */
    size_t max;    /* bytes: octets */
    const char *name;
};

enum fd_rule { FD_NEVER = 0, FD_MAY = 1, FD_MUST = 2 };

struct message_row {
    const char *name; /* NULL: there is no such type */
    enum ipc_role from, to;
    enum fd_rule fd;
    const struct field_row *(*fields)(void); /* ends with FIELD_end */
};

/* The row of `type`, or NULL. */
const struct message_row *message_find(enum ipc_type type);

#endif
