/* A verb's message as the parameters of an approval (wire/approval.h) and back: every field behind
 * those that all verbs have, by name, in the order of the table. */
#ifndef IPC_PARAMS_H
#define IPC_PARAMS_H

#include <ipc/ipc.h>
#include <wire/buf.h>

/* Appends the array. E_BUG for a message that is no verb's; a full buffer shows in buf_ok(). */
MUST_USE enum result ipc_write_params(enum ipc_type type, const void *message, struct buf *b,
                                      struct err *err);

/* The message, with its common fields zero. Its bytes point into `params`. E_SYNTAX for parameters
 * that are not exactly those of the message. */
MUST_USE enum result ipc_read_params(enum ipc_type type, struct bytes params,
                                     struct ipc_message *ret, struct err *err);

#endif
