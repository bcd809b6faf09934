/* The life of every process: open what it needs, enter its sandbox, say that it is ready, loop.
 *
 * A role's entry point (http/front.h, http/desk.h, reader/reader.h, core/core.h, signer/signer.h)
 * gets a setup struct, does these four in this order and returns its exit status. It ends with 0
 * when `supervisor_fd` reads end of file (ipc/reload.h): so the supervisor stops it, and so it
 * notices that there is no supervisor any more. SIGTERM, SIGINT and SIGPIPE are ignored before it
 * starts. Whatever else ends it stops the whole server. A channel to another role never hangs up
 * while the supervisor lives, also when that role is gone. It logs why (base/log.h is open under
 * its name).
 */
#ifndef IPC_ROLE_H
#define IPC_ROLE_H

#include <base/err.h>
#include <ipc/ipc.h>

/* Folders below config->data, mode 0700, made by `trothd init`. Each is all that its role sees of
 * the data: the database and what belongs to it (core writes, reader reads), and the signer's keys,
 * profiles and journal (nobody else may open anything there). */
#define ROLE_FOLDER_STORE "store"
#define ROLE_FILE_STORE "troth.db" /* in it */
#define ROLE_FOLDER_SIGNER "signer"

/* `enter` takes every right away that the loop does not need. It cannot be undone; a failure
 * (E_SANDBOX) ends the process. Afterwards no path opens that the role's row in app/sandbox.c does
 * not list, and a system call that is not in it kills the process. */
struct role_sandbox {
    enum result (*enter)(void *context, struct err *err);
    void *context;
    const char *missing; /* which parts were refused by name; "" for none; valid after enter */
};

/* Enters. Call it once, from the only thread, after everything is open. */
MUST_USE enum result role_enter_sandbox(const struct role_sandbox *sandbox, struct err *err);

/* Sends the role's *_ready message. `lacks` is what the role itself wants to be read in /readyz
 * ("" for nothing); what the sandbox lacks is put before it. OK too when the supervisor has hung up
 * already, which the loop will see. E_BUG for a role that has no such message. */
MUST_USE enum result role_send_ready(enum ipc_role me, int supervisor_fd,
                                     const struct role_sandbox *sandbox, const char *lacks,
                                     struct err *err);

#endif
