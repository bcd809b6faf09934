/* Landlock, as far as the running kernel has it (ABI 1 to 7 and up). The C library of Debian 12 has
 * neither the calls nor the newer numbers, so both are here, from the kernel's
 * include/uapi/linux/landlock.h. Private to app. */
#ifndef APP_LANDLOCK_H
#define APP_LANDLOCK_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

#define LANDLOCK_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_WRITE_FILE (UINT64_C(1) << 1)
#define LANDLOCK_READ_DIR (UINT64_C(1) << 3)
#define LANDLOCK_REMOVE_DIR (UINT64_C(1) << 4)
#define LANDLOCK_REMOVE_FILE (UINT64_C(1) << 5)
#define LANDLOCK_MAKE_DIR (UINT64_C(1) << 7)
#define LANDLOCK_MAKE_REG (UINT64_C(1) << 8)
#define LANDLOCK_REFER (UINT64_C(1) << 13)    /* ABI 2: rename between folders */
#define LANDLOCK_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */

struct landlock_path {
    const char *path; /* of a folder, or (LANDLOCK_READ_FILE alone) a file; NULL ends a list */
    uint64_t rights;  /* beneath it; those that the kernel does not know are left out */
};

/* What a process may all the same. */
#define LANDLOCK_MAY_SIGNAL 1U
#define LANDLOCK_MAY_CONNECT 2U

/* Takes from this thread and its children every access to files but that below `paths`, and, where
 * the kernel can: TCP bind and connect (ABI 4), abstract unix sockets and signals to processes
 * outside (ABI 6), but what `may` says. Descriptors that are open stay usable. E_SANDBOX when the
 * kernel has no Landlock at all, or a path is not there. Call it with no_new_privs set. */
MUST_USE enum result landlock_enter(const struct landlock_path *paths, unsigned may,
                                    struct err *err);

#endif
