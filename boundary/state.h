/* The folder of a boundary, which boundary_enrol() makes:
 *   boundary.conf      server, name, key of the ledger
 *   root.pem           the pinned root
 *   key.pem (0600)     certificate.pem, with the issuers below the root
 *   floor              the newest that was enforced and the newest checkpoint: nothing older is
 * ever taken again, also after a restart */
#ifndef BOUNDARY_STATE_H
#define BOUNDARY_STATE_H

#include <base/blob.h>
#include <base/err.h>

#include <stdint.h>

#define STATE_FOLDER_MAX 256 /* octets of its path */
#define STATE_TEXT_MAX 320   /* of a value in boundary.conf */

struct state_path {
    char text[STATE_FOLDER_MAX + 32];
};

struct state {
    char folder[STATE_FOLDER_MAX];
    char server[STATE_TEXT_MAX];
    char name[STATE_TEXT_MAX];
    char log_key[STATE_TEXT_MAX];
};

/* Zeroed it holds nothing down. */
struct floor {
    uint64_t boundary; /* our own number */
    uint64_t status, service;
    uint64_t ledger_size;
    uint8_t ledger_root[32];
};

/* E_USAGE for a path that is too long. */
MUST_USE enum result state_set_folder(struct state *state, const char *folder, struct err *err);
struct state_path state_file(const struct state *state, const char *name);

/* The folder is this process's until *ret_fd is closed: two that wrote floors would take each other
 * back, and the server would hear the quicker one of both. E_CONFLICT: another has it; E_IO. */
MUST_USE enum result state_lock(const struct state *state, int *ret_fd, struct err *err);

/* Of state->folder. E_NOT_FOUND without boundary.conf, E_SYNTAX. */
MUST_USE enum result state_read(struct state *state, struct err *err);
/* E_USAGE for values that have a control character or are too long, E_IO. */
MUST_USE enum result state_write(const struct state *state, struct err *err);

/* Without the file all zero. E_SYNTAX for one that is not as it was written: what was enforced is
 * then not known, and a person has to say so by removing it. */
MUST_USE enum result floor_read(const struct state *state, struct floor *ret, struct err *err);
MUST_USE enum result floor_write(const struct state *state, const struct floor *floor,
                                 struct err *err);

#endif
