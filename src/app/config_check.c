#include "config_check.h"

#include <app/init.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/start.h>
#include <ipc/role.h>
#include <pki/profile.h>
#include <signer/signer.h>

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_ROOM (CONFIG_PATH_MAX + 320)

struct checker {
    const char *path;
    const struct config *config;
    FILE *to;
    int status; /* to exit with */
    bool is_running;
};

static void head(const struct checker *checker, const char *section, const char *key)
{
    size_t line = config_line(checker->path, section, key, -1);
    fprintf(checker->to, "%s:", checker->path);
    if (line > 0)
        fprintf(checker->to, "%zu:", line);
    fprintf(checker->to, " %s%s%s%s: ", section != NULL ? section : "", section != NULL ? "." : "",
            key, line > 0 ? "" : " (default)");
}

__attribute__((format(printf, 4, 5))) static void fault(struct checker *checker,
                                                        const char *section, const char *key,
                                                        const char *format, ...)
{
    va_list list;
    head(checker, section, key);
    va_start(list, format);
    vfprintf(checker->to, format, list);
    va_end(list);
    fputc('\n', checker->to);
    if (checker->status == 0)
        checker->status = 1;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* `unwanted`: mode bits that must not be set. */
static bool check_folder(struct checker *checker, const char *key, const char *path,
                         unsigned unwanted)
{
    struct stat st;
    if (stat(path, &st) != 0)
        fault(checker, NULL, key, "%s: %s", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        fault(checker, NULL, key, "%s is no folder", path);
    else if ((st.st_mode & unwanted) != 0)
        fault(checker, NULL, key, "%s has mode %04o, wanted at most %04o", path, st.st_mode & 07777,
              07777 & ~unwanted & 0777);
    else
        return true;
    return false;
}

static bool check_private_file(struct checker *checker, const char *key, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        fault(checker, NULL, key, "%s: %s", path, strerror(errno));
    else if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
        fault(checker, NULL, key, "%s has mode %04o, wanted 0600: others can read it", path,
              st.st_mode & 07777);
    else
        return true;
    return false;
}

static void check_signer_folder(struct checker *checker, const char *folder)
{
    char path[PATH_ROOM];
    if (!check_folder(checker, "data", folder, 077))
        return;
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        fault(checker, NULL, "data", "%s: %s", folder, strerror(errno));
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)check_private_file(checker, "data", path);
    }
    closedir(dir);
}

/* False: there is nothing that keys could be looked for in. */
static bool check_data(struct checker *checker)
{
    const char *data = checker->config->data;
    char path[PATH_ROOM];
    if (!check_folder(checker, "data", data, 022))
        return false;
    snprintf(path, sizeof path, "%s/ca", data);
    if (!file_exists(path)) {
        fault(checker, NULL, "data", "%s is not there: begin with trothd init", path);
        return false;
    }
    snprintf(path, sizeof path, "%s/" ROLE_FOLDER_STORE, data);
    (void)check_folder(checker, "data", path, 077);
    snprintf(path, sizeof path, "%s/" ROLE_FOLDER_SIGNER, data);
    check_signer_folder(checker, path);
    return true;
}

/* ---- keys and certificates ------------------------------------------------------------------- */

/* Core and listeners go by DATA/ca, the signer by its own copy. */
static void check_same(struct checker *checker, enum pki_issuer_kind kind)
{
    CLEANUP(blob_free) struct blob ours = {0};
    CLEANUP(blob_free) struct blob signers = {0};
    char path[PATH_ROOM], other[PATH_ROOM];
    const char *data = checker->config->data, *name = issuer_name(kind);
    snprintf(path, sizeof path, "%s/ca/%s.cer", data, name);
    snprintf(other, sizeof other, "%s/" ROLE_FOLDER_SIGNER "/%s.cer", data, name);
    struct err err = {0};
    if (file_read(path, LIMIT_CERTIFICATE_BYTES, &ours, &err) != OK ||
        file_read(other, LIMIT_CERTIFICATE_BYTES, &signers, &err) != OK)
        fault(checker, NULL, "data", "%s", err.text);
    else if (!bytes_equal(blob_bytes(&ours), blob_bytes(&signers)))
        fault(checker, NULL, "data", "%s and %s are two certificates", path, other);
}

static void check_keys(struct checker *checker)
{
    const struct config *config = checker->config;
    struct err err = {0};
    const char *key = config->passphrase_file[0] != '\0' ? "passphrase_file" : "data";
    if (config->passphrase_file[0] != '\0' &&
        !check_private_file(checker, "passphrase_file", config->passphrase_file))
        return;
    if (crypto_start(&err) != OK || signer_check(config, &err) != OK)
        fault(checker, NULL, key, "%s", err.text);
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
        check_same(checker, kind);
}

static void check_root(struct checker *checker)
{
    struct err err = {0};
    if (checker->config->lab || root_key_must_be_away(checker->config, &err) == OK)
        return;
    fault(checker, NULL, "lab", "%s: move it away from this machine", err.text);
    checker->status = error_find(err.code)->exit_status;
}

/* ---- sockets --------------------------------------------------------------------------------- */

/* Whoever answers on the local socket is the server itself, and has the ports. */
static bool is_server_running(const struct config *config)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", config->listen.local);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static void check_port(struct checker *checker, const char *key, const struct address *address)
{
    const int on = 1;
    CLEANUP(fd_closep)
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address->sa, address->n) != 0)
        fault(checker, "listen", key, "%s: %s", address->text, strerror(errno));
}

static void check_sockets(struct checker *checker)
{
    const struct config_listen *listen = &checker->config->listen;
    char folder[CONFIG_SOCKET_MAX];
    struct stat st;
    if (checker->is_running)
        return;
    check_port(checker, "device", &listen->device);
    check_port(checker, "operator", &listen->operators);
    check_port(checker, "plain", &listen->plain);
    snprintf(folder, sizeof folder, "%s", listen->local);
    if (stat(dirname(folder), &st) != 0)
        fault(checker, "listen", "local", "%s: %s", folder, strerror(errno));
    else if (stat(listen->local, &st) == 0 && !S_ISSOCK(st.st_mode))
        fault(checker, "listen", "local", "%s is there and no socket", listen->local);
}

static void check_log(struct checker *checker)
{
    if (checker->config->log.to == LOG_JOURNAL && access(LOG_JOURNAL_SOCKET, W_OK) != 0)
        fault(checker, "log", "to", "%s: %s", LOG_JOURNAL_SOCKET, strerror(errno));
}

/* Somebody's choice, and a finding while the server runs; no fault of the file. */
static void note_sandbox(const struct checker *checker, const char *key, bool is_on)
{
    if (is_on)
        return;
    head(checker, "sandbox", key);
    fputs("refused by name: every process runs without it\n", checker->to);
}

int config_check(const char *path, const struct config *config, FILE *to)
{
    struct checker checker = {
        .path = path, .config = config, .to = to, .is_running = is_server_running(config)};
    if (check_data(&checker))
        check_keys(&checker);
    (void)check_folder(&checker, "public", config->public_files, 022);
    check_sockets(&checker);
    check_log(&checker);
    check_root(&checker);
    note_sandbox(&checker, "seccomp", config->sandbox_seccomp);
    note_sandbox(&checker, "landlock", config->sandbox_landlock);
    return checker.status;
}
