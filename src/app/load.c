#include <app/load.h>

#include <base/file.h>
#include <ipc/sealed.h>

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child hands over. */
struct handed {
    enum result result;
    struct err err;
    struct config config;
};

/* In the child: everything that reads the file. */
static int parse(const char *path, bool is_lab, int to)
{
    struct handed handed;
    memset(&handed, 0, sizeof handed); /* padding too */
    handed.result = config_read(path, &handed.config, &handed.err);
    handed.config.lab = handed.config.lab || is_lab;
    return fd_write(to, bytes_of(&handed, sizeof handed), NULL) == OK ? 0 : 1;
}

static enum result run_child(const char *path, bool is_lab, int to, struct err *err)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0)
        return err_set(err, E_IO, "fork: %s", strerror(errno));
    if (child == 0)
        _exit(parse(path, is_lab, to));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(err, E_IO, "waitpid: %s", strerror(errno));
    if (status != 0)
        return err_set(err, E_BUG, "%s: the process that reads it died with status %#x", path,
                       status);
    return OK;
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* What later code takes for granted of the struct: texts that end, counts within arrays. */
static bool is_whole(const struct handed *handed)
{
    const struct config *config = &handed->config;
    bool good =
        ends(handed->err.text, ERR_TEXT_MAX) && ends(config->data, CONFIG_PATH_MAX) &&
        ends(config->public_files, CONFIG_PATH_MAX) &&
        ends(config->passphrase_file, CONFIG_PATH_MAX) &&
        ends(config->public_url, CONFIG_URL_MAX) && ends(config->listen.local, CONFIG_SOCKET_MAX) &&
        config->server_name_count <= CONFIG_NAMES_MAX && config->fronts <= CONFIG_FRONTS_MAX;
    for (uint32_t i = 0; good && i < config->server_name_count; i++)
        good = ends(config->server_names[i], CONFIG_NAME_MAX);
    return good;
}

enum result load_config(const char *path, bool is_lab, const struct config **ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(sealed_unmap) struct bytes mapped = {NULL, 0};
    TRY(sealed_create("troth-config", &fd, err));
    TRY(run_child(path, is_lab, fd, err));
    TRY(sealed_close_writing(fd, err));
    TRY(sealed_map(fd, sizeof(struct handed), &mapped, err));
    const struct handed *handed = (const void *)mapped.p;
    if (mapped.n != sizeof *handed || !is_whole(handed))
        return err_set(err, E_BUG, "%s: the process that reads it handed over nonsense", path);
    if (handed->result != OK) {
        if (err != NULL)
            *err = handed->err;
        return handed->result;
    }
    *ret = &handed->config;
    mapped = bytes_of(NULL, 0); /* it stays */
    return OK;
}
