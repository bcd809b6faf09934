#include <app/sandbox.h>

#include "landlock.h"
#include "seccomp.h"

#include <base/file.h>
#include <ipc/role.h>

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

/* Open files that every process may need beside its connections. */
#define FILES_OF_ITS_OWN 128

#define READS LANDLOCK_READ_FILE
#define WRITES                                                                                     \
    (LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_READ_DIR | LANDLOCK_MAKE_REG |            \
     LANDLOCK_REMOVE_FILE | LANDLOCK_TRUNCATE)

/* Rights below the three folders of the configuration, and what it may beside. */
struct rights_row {
    uint64_t store, signer, public_files, config_folder;
    unsigned may;   /* LANDLOCK_MAY_... */
    bool has_names; /* it looks up names: resolver_files */
};

static const struct rights_row rights[] = {
    [IPC_FRONT] = {.public_files = READS},
    [IPC_DESK] = {.public_files = READS},
    [IPC_READER] = {.store = READS | LANDLOCK_READ_DIR},
    [IPC_CORE] = {.store = WRITES, .public_files = WRITES | LANDLOCK_MAKE_DIR | LANDLOCK_REFER},
    [IPC_SIGNER] = {.signer = WRITES},
    [IPC_LOADER] = {.config_folder = READS},
    [IPC_COURIER] = {.may = LANDLOCK_MAY_CONNECT, .has_names = true},
    [IPC_SUPERVISOR] = {.may = LANDLOCK_MAY_SIGNAL}, /* its death is a signal to its children */
};

__attribute__((format(printf, 2, 3))) static void add_missing(struct sandbox *sandbox,
                                                              const char *format, ...)
{
    size_t used = strlen(sandbox->missing), left = sizeof sandbox->missing - used;
    int n = snprintf(sandbox->missing + used, left, "%s", used > 0 ? "; " : "");
    va_list list;
    va_start(list, format);
    vsnprintf(sandbox->missing + used + n, left - (size_t)n, format, list);
    va_end(list);
}

static enum result limit(int resource, rlim_t soft, rlim_t hard, struct err *err)
{
    if (setrlimit(resource, &(struct rlimit){soft, hard}) != 0)
        return err_set(err, E_SANDBOX, "limit %d: %s", resource, strerror(errno));
    return OK;
}

/* No core dumps, which would have keys in them; no children but the loader's; and no more files
 * than it needs. */
static enum result set_limits(struct sandbox *sandbox, struct err *err)
{
    bool listens = sandbox->role == IPC_FRONT || sandbox->role == IPC_DESK;
    rlim_t wanted = FILES_OF_ITS_OWN + (listens ? sandbox->config->limits.connections : 0);
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0)
        return err_set(err, E_SANDBOX, "limit of open files: %s", strerror(errno));
    if (now.rlim_max < wanted)
        add_missing(sandbox, "open files: %lu of %lu", (unsigned long)now.rlim_max,
                    (unsigned long)wanted);
    rlim_t files = now.rlim_max < wanted ? now.rlim_max : wanted;
    TRY(limit(RLIMIT_NOFILE, files, files, err));
    if (sandbox->role != IPC_LOADER)
        TRY(limit(RLIMIT_NPROC, 0, 0, err));
    return limit(RLIMIT_CORE, 0, 0, err);
}

static enum result set_flags(struct err *err)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_set(err, E_SANDBOX, "not dumpable: %s", strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(err, E_SANDBOX, "no new privileges: %s", strerror(errno));
    return OK;
}

/* Where the file lies, with what it is a link to. */
static enum result config_folder(const char *path, char ret[PATH_MAX], struct err *err)
{
    char whole[PATH_MAX];
    if (realpath(path, whole) == NULL)
        return err_set(err, E_SANDBOX, "%s: %s", path, strerror(errno));
    snprintf(ret, PATH_MAX, "%s", dirname(whole));
    return OK;
}

/* What the C library reads to look a name up. resolv.conf is made anew and renamed by those who
 * manage it, so that its folder counts where it has one of its own. */
#define RESOLVER_FILES 4
static const char *const resolver_files[RESOLVER_FILES] = {"/etc/resolv.conf", "/etc/hosts",
                                                           "/etc/host.conf", "/etc/gai.conf"};

static size_t add_resolver_files(struct landlock_path *to, char folder[PATH_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < RESOLVER_FILES; i++)
        if (file_exists(resolver_files[i]))
            to[n++] = (struct landlock_path){resolver_files[i], READS};
    if (config_folder(resolver_files[0], folder, NULL) == OK && strcmp(folder, "/etc") != 0)
        to[n++] = (struct landlock_path){folder, READS};
    return n;
}

static enum result enter_landlock(const struct sandbox *sandbox, struct err *err)
{
    const struct rights_row *row = &rights[sandbox->role];
    const struct config *config = sandbox->config;
    char store[CONFIG_PATH_MAX + 16], signer[CONFIG_PATH_MAX + 16];
    char folder[PATH_MAX] = "", names[PATH_MAX];
    if (row->config_folder != 0)
        TRY(config_folder(sandbox->config_path, folder, err));
    snprintf(store, sizeof store, "%s/" ROLE_FOLDER_STORE, config->data);
    snprintf(signer, sizeof signer, "%s/" ROLE_FOLDER_SIGNER, config->data);
    const struct landlock_path all[] = {
        {store, row->store},
        {signer, row->signer},
        {config->public_files, row->public_files},
        {folder, row->config_folder},
    };
    struct landlock_path mine[LENGTH_OF(all) + RESOLVER_FILES + 2] = {{NULL, 0}};
    size_t n = 0;
    for (size_t i = 0; i < LENGTH_OF(all); i++)
        if (all[i].rights != 0)
            mine[n++] = all[i];
    if (row->has_names)
        n += add_resolver_files(mine + n, names);
    return landlock_enter(mine, row->may, err);
}

enum result sandbox_enter(void *context, struct err *err)
{
    struct sandbox *sandbox = context;
    if ((size_t)sandbox->role >= LENGTH_OF(rights))
        return err_set(err, E_BUG, "role %u has no sandbox", (unsigned)sandbox->role);
    setenv("TZ", "UTC0", 1); /* else the C library looks at /etc/localtime again and again */
    tzset();
    sandbox->missing[0] = '\0';
    TRY(set_limits(sandbox, err));
    TRY(set_flags(err));
    if (!sandbox->config->sandbox_landlock)
        add_missing(sandbox, "Landlock is refused in the configuration");
    else
        TRY(enter_landlock(sandbox, err));
    if (!sandbox->config->sandbox_seccomp)
        add_missing(sandbox, "seccomp is refused in the configuration");
    else
        TRY(seccomp_enter(sandbox->role, err));
    return OK;
}
