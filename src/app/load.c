#include <app/load.h>

#include <base/file.h>
#include <ipc/sealed.h>

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: everything that reads the file. */
static int parse(const char *path, bool is_lab, int to)
{
    struct config_handed handed;
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

enum result load_file(const char *path, bool is_lab, int *ret_fd, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    TRY(sealed_create("troth-config", &fd, err));
    TRY(run_child(path, is_lab, fd, err));
    TRY(sealed_close_writing(fd, err));
    *ret_fd = fd;
    fd = -1;
    return OK;
}

enum result load_map(int fd, struct bytes *ret, struct err *err)
{
    CLEANUP(sealed_unmap) struct bytes mapped = {NULL, 0};
    TRY(sealed_map(fd, sizeof(struct config_handed), &mapped, err));
    const struct config_handed *handed = (const void *)mapped.p;
    if (mapped.n != sizeof *handed || !config_is_whole(handed))
        return err_set(err, E_BUG, "the process that reads the configuration handed over nonsense");
    if (handed->result != OK) {
        if (err != NULL)
            *err = handed->err;
        return handed->result;
    }
    *ret = mapped;
    mapped = bytes_of(NULL, 0);
    return OK;
}

enum result load_config(const char *path, bool is_lab, const struct config **ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct bytes mapped;
    TRY(load_file(path, is_lab, &fd, err));
    TRY(load_map(fd, &mapped, err)); /* it stays */
    *ret = &((const struct config_handed *)(const void *)mapped.p)->config;
    return OK;
}
