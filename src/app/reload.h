/* A reload, as the supervisor drives it (ipc/reload.h has the roles' side):
 *
 *   SIGHUP -> the loader's child parses -> a setting that needs a restart? -> prepare, in the order
 *   of role_row.reloads -> commit in all -> finish
 *
 * Whatever refuses on the way ends it with `reload-refused` and nothing changed. A process that
 * dies on the way is what it always is: the end of the server. Private to app. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "children.h"

#define RELOAD_MS 10000 /* from the signal to the last that prepared; then to the last commit */

enum reloading { RELOADING_NOT = 0, RELOADING_LOAD, RELOADING_PREPARE, RELOADING_COMMIT };

struct reloads {
    struct children *children;
    enum reloading at;
    uint32_t round;
    unsigned turn; /* of preparing */
    size_t awaited;
    bool is_wanted_again; /* a signal came meanwhile */
    int64_t until_us;
    int config_fd;       /* of the next one; -1 */
    struct bytes mapped; /* the same; and, once it is in force, that one */
    struct bytes next;
};

void reloads_open(struct reloads *reloads, struct children *children);
void reloads_close(struct reloads *reloads);

/* SIGHUP. Everything is started. */
MUST_USE enum result reload_begin(struct reloads *reloads, struct err *err);

/* What a process said that is not its readiness. */
MUST_USE enum result reload_hear(struct reloads *reloads, struct child *child,
                                 struct ipc_message *message, struct err *err);

/* So long may be waited for messages; -1: for ever. And what is to be done when that is over. */
int reload_wait_ms(const struct reloads *reloads);
MUST_USE enum result reload_expire(struct reloads *reloads, struct err *err);

#endif
