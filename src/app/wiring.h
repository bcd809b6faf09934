/* Which processes there are, what each is given, and in which order they live. Private to app. */
#ifndef APP_WIRING_H
#define APP_WIRING_H

#include <app/listen.h>
#include <ipc/ipc.h>

/* Every socket that some process is given, made before the first of them starts. Of a pair, [0]
 * belongs to the role that its name has first. */
struct wires {
    struct listeners listen;
    int front_core[CONFIG_FRONTS_MAX][2];
    int desk_core[2], desk_reader[2], core_signer[2], core_courier[2];
};

MUST_USE enum result wires_make(const struct config *config, struct wires *ret, struct err *err);
void wires_close(struct wires *wires);

/* What a new process knows. */
struct launch {
    const struct config *config;
    const char *path; /* of the file, for the loader */
    bool is_lab;
    const struct wires *wires;
    unsigned index; /* of the front */
    int supervisor_fd;
};

struct role_row {
    enum ipc_role role;
    /* Keeps the descriptors of its role, closes all others, and runs; the exit status. */
    int (*run)(const struct launch *launch);
    enum ipc_role after; /* started once this one is ready; IPC_NOBODY: at once */
    unsigned stops;      /* 1 first; equals together */
    unsigned reloads;    /* when it prepares a reload, 1 first; 0: it takes none */
};

/* Rows in the order of starting; NULL past the end. */
const struct role_row *role_at(size_t index);

/* How many processes of a row there are. */
unsigned role_count(const struct role_row *row, const struct config *config);

#endif
