/* The configuration, parsed by a child that has nothing and handed over as a checked struct: the
 * process that starts all others runs no YAML parser. */
#ifndef APP_LOAD_H
#define APP_LOAD_H

#include <base/config.h>

/* Reads `path`; with `is_lab`, as if the file said `lab: yes`. `ret` is mapped read-only, sealed
 * against every change, and lives as long as the process and its children. Errors are those of
 * config_read(); E_BUG when the child died. */
MUST_USE enum result load_config(const char *path, bool is_lab, const struct config **ret,
                                 struct err *err);

/* The two halves of it, for a reload: a fresh child parses into a sealed memfd; and what one of
 * those has in it (struct config_handed), mapped for the caller to unmap. */
MUST_USE enum result load_file(const char *path, bool is_lab, int *ret_fd, struct err *err);
MUST_USE enum result load_map(int fd, struct bytes *ret, struct err *err);

#endif
