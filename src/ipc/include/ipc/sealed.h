/* Bulk between processes: a memfd that nobody can change any more, handed over beside a message.
 *
 * The writer makes it, fills it and seals it; the receiver believes nothing before sealed_map() has
 * checked the seals, because a writer that could still change it could do so between check and use.
 */
#ifndef IPC_SEALED_H
#define IPC_SEALED_H

#include <base/err.h>

#include <stddef.h>

/* An empty memfd, close-on-exec, that can be sealed. `name` is for /proc only. The caller owns it.
 */
MUST_USE enum result sealed_create(const char *name, int *ret_fd, struct err *err);

/* Forbids every change of contents and size, for good. E_IO. */
MUST_USE enum result sealed_close_writing(int fd, struct err *err);

/* Create, write `bytes`, seal. */
MUST_USE enum result sealed_from(const char *name, struct bytes bytes, int *ret_fd,
                                 struct err *err);

/* Maps the whole memfd read-only. E_SYNTAX when it is no memfd, not sealed, or empty; E_TOO_LARGE
 * over `max` bytes. The mapping outlives the descriptor; the caller owns it. */
MUST_USE enum result sealed_map(int fd, size_t max, struct bytes *ret, struct err *err);

/* Ends a mapping; an empty one is fine; fit for CLEANUP. */
void sealed_unmap(struct bytes *mapped);

#endif
