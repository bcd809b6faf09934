/* Every message with random fields, and whether two of them are equal: made from messages.def. */
#ifndef TEST_FILL_H
#define TEST_FILL_H

#include <ipc/ipc.h>

/* Repeatable numbers; the seed is printed by whoever fails. */
void fill_seed(uint64_t seed);

/* Random fields for the struct of `type`; `bytes` are up to their maximum (`full`: exactly). */
void fill_message(enum ipc_type type, struct ipc_message *ret, bool full);

bool fill_is_equal(const struct ipc_message *a, const struct ipc_message *b);

/* The address of the struct in the union, as ipc_send() wants it. */
const void *fill_fields(const struct ipc_message *message);

/* 0, 1 (may carry a descriptor) or 2 (must). */
int fill_fd_rule(enum ipc_type type);

#endif
