/* A newcomer's tour starts here: the processes, what each of them holds, and who talks to whom.
 *
 *   strangers --TLS-- front xN --+                     +-- signer (keys)
 *                                +-- core (database) --+
 *   operators --TLS-- desk ------+         :           +-- courier --TLS-- receivers of webhooks
 *                       +------------- reader (database, read-only)
 *
 * Lines are pairs of sockets with the messages of ipc/messages.def. Each process also has a line to
 * the supervisor, closes every descriptor that is not listed for it here, opens what it needs,
 * enters the sandbox of its row in sandbox.c, says that it is ready, and loops. */
#include "wiring.h"

#include "loader.h"

#include <app/sandbox.h>
#include <base/file.h>
#include <base/log.h>
#include <core/core.h>
#include <courier/courier.h>
#include <http/desk.h>
#include <http/front.h>
#include <reader/reader.h>
#include <signer/signer.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FREE_FD 3

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Closes all descriptors but 0, 1, 2, the journal's and these. */
static void keep_only(const int *fds, size_t n)
{
    int kept[CONFIG_FRONTS_MAX + 8];
    memcpy(kept, fds, n * sizeof *fds);
    if (log_journal_fd() >= FIRST_FREE_FD)
        kept[n++] = log_journal_fd();
    qsort(kept, n, sizeof *kept, by_number);
    unsigned from = FIRST_FREE_FD;
    for (size_t i = 0; i < n; i++) {
        unsigned fd = (unsigned)kept[i];
        if (fd > from)
            close_range(from, fd - 1, 0);
        from = fd + 1;
    }
    close_range(from, ~0U, 0);
}

static struct role_sandbox hook(struct sandbox *sandbox)
{
    return (struct role_sandbox){sandbox_enter, sandbox, sandbox->missing};
}

/* The folder of the public files, or -1 with the failure logged. */
static int open_public(const struct config *config)
{
    int fd = open(config->public_files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        log_event(LEVEL_ERROR, "no-public-folder", {"path", config->public_files},
                  {"reason", strerror(errno)});
    return fd;
}

static int run_front(const struct launch *launch)
{
    const struct wires *wires = launch->wires;
    struct sandbox sandbox = {.role = IPC_FRONT, .config = launch->config};
    struct front_setup setup = {
        .config = launch->config,
        .index = launch->index,
        .listen_fd_tls = wires->listen.device,
        .listen_fd_plain = wires->listen.plain,
        .core_fd = wires->front_core[launch->index][0],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    const int mine[] = {setup.listen_fd_tls, setup.listen_fd_plain, setup.core_fd,
                        setup.supervisor_fd};
    keep_only(mine, LENGTH_OF(mine));
    setup.public_dir_fd = open_public(launch->config);
    return setup.public_dir_fd >= 0 ? front_run(&setup) : EXIT_FAILURE;
}

static int run_desk(const struct launch *launch)
{
    const struct wires *wires = launch->wires;
    struct sandbox sandbox = {.role = IPC_DESK, .config = launch->config};
    struct desk_setup setup = {
        .config = launch->config,
        .listen_fd_tls = wires->listen.operators,
        .listen_fd_local = wires->listen.local,
        .core_fd = wires->desk_core[0],
        .reader_fd = wires->desk_reader[0],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    const int mine[] = {setup.listen_fd_tls, setup.listen_fd_local, setup.core_fd, setup.reader_fd,
                        setup.supervisor_fd};
    keep_only(mine, LENGTH_OF(mine));
    setup.public_dir_fd = open_public(launch->config);
    return setup.public_dir_fd >= 0 ? desk_run(&setup) : EXIT_FAILURE;
}

static int run_reader(const struct launch *launch)
{
    struct sandbox sandbox = {.role = IPC_READER, .config = launch->config};
    struct reader_setup setup = {
        .config = launch->config,
        .desk_fd = launch->wires->desk_reader[1],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    const int mine[] = {setup.desk_fd, setup.supervisor_fd};
    keep_only(mine, LENGTH_OF(mine));
    return reader_run(&setup);
}

static int run_core(const struct launch *launch)
{
    const struct wires *wires = launch->wires;
    struct sandbox sandbox = {.role = IPC_CORE, .config = launch->config};
    int mine[CONFIG_FRONTS_MAX + 4];
    unsigned fronts = launch->config->fronts;
    for (unsigned i = 0; i < fronts; i++)
        mine[i] = wires->front_core[i][1];
    struct core_setup setup = {
        .config = launch->config,
        .front_fds = mine,
        .front_count = fronts,
        .desk_fd = wires->desk_core[1],
        .signer_fd = wires->core_signer[0],
        .courier_fd = wires->core_courier[0],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    mine[fronts] = setup.desk_fd;
    mine[fronts + 1] = setup.signer_fd;
    mine[fronts + 2] = setup.courier_fd;
    mine[fronts + 3] = setup.supervisor_fd;
    keep_only(mine, fronts + 4);
    return core_run(&setup);
}

static int run_signer(const struct launch *launch)
{
    struct sandbox sandbox = {.role = IPC_SIGNER, .config = launch->config};
    struct signer_setup setup = {
        .config = launch->config,
        .core_fd = launch->wires->core_signer[1],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    const int mine[] = {setup.core_fd, setup.supervisor_fd};
    keep_only(mine, LENGTH_OF(mine));
    return signer_run(&setup);
}

static int run_courier(const struct launch *launch)
{
    struct sandbox sandbox = {.role = IPC_COURIER, .config = launch->config};
    struct courier_setup setup = {
        .config = launch->config,
        .core_fd = launch->wires->core_courier[1],
        .supervisor_fd = launch->supervisor_fd,
        .sandbox = hook(&sandbox),
    };
    const int mine[] = {setup.core_fd, setup.supervisor_fd};
    keep_only(mine, LENGTH_OF(mine));
    return courier_run(&setup);
}

static int run_loader(const struct launch *launch)
{
    keep_only(&launch->supervisor_fd, 1);
    return loader_run(launch);
}

/* Whoever takes requests in stops first; core last of those that commit; the signer, whose journal
 * core still writes to, after it. A reload is prepared by the signer before core, which has to be
 * understood, and by both before the listeners, who ask them for a certificate. */
static const struct role_row roles[] = {
    {IPC_SIGNER, run_signer, IPC_NOBODY, 4, 1},   {IPC_CORE, run_core, IPC_NOBODY, 3, 2},
    {IPC_FRONT, run_front, IPC_NOBODY, 1, 3},     {IPC_DESK, run_desk, IPC_NOBODY, 1, 3},
    {IPC_READER, run_reader, IPC_CORE, 2, 3}, /* the database must be there, and migrated */
    {IPC_COURIER, run_courier, IPC_NOBODY, 1, 3}, {IPC_LOADER, run_loader, IPC_NOBODY, 1, 0},
};

const struct role_row *role_at(size_t index)
{
    return index < LENGTH_OF(roles) ? &roles[index] : NULL;
}

unsigned role_count(const struct role_row *row, const struct config *config)
{
    return row->role == IPC_FRONT ? config->fronts : 1;
}

static enum result make_pairs(const struct config *config, struct wires *to, struct err *err)
{
    TRY(ipc_pair(IPC_DESK, IPC_CORE, to->desk_core, err));
    TRY(ipc_pair(IPC_DESK, IPC_READER, to->desk_reader, err));
    TRY(ipc_pair(IPC_CORE, IPC_SIGNER, to->core_signer, err));
    TRY(ipc_pair(IPC_CORE, IPC_COURIER, to->core_courier, err));
    for (unsigned i = 0; i < config->fronts; i++)
        TRY(ipc_pair(IPC_FRONT, IPC_CORE, to->front_core[i], err));
    return OK;
}

static void close_pair(int pair[2])
{
    fd_closep(&pair[0]);
    fd_closep(&pair[1]);
}

void wires_close(struct wires *wires)
{
    listeners_close(&wires->listen);
    close_pair(wires->desk_core);
    close_pair(wires->desk_reader);
    close_pair(wires->core_signer);
    close_pair(wires->core_courier);
    for (size_t i = 0; i < CONFIG_FRONTS_MAX; i++)
        close_pair(wires->front_core[i]);
}

enum result wires_make(const struct config *config, struct wires *ret, struct err *err)
{
    CLEANUP(wires_close) struct wires made;
    memset(&made, 0xff, sizeof made); /* every descriptor -1 */
    TRY(listen_all(&config->listen, &made.listen, err));
    TRY(make_pairs(config, &made, err));
    *ret = made;
    memset(&made, 0xff, sizeof made);
    return OK;
}
