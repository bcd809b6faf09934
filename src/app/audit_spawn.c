/* Replay in a fresh process: this very program, executed anew, with nothing but the export. */
#include "audit.h"

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static enum result fail(const char *what, int code, struct err *err)
{
    return err_set(err, E_IO, "%s: %s", what, strerror(code));
}

static void closep(int (*pair)[2])
{
    fd_closep(&(*pair)[0]);
    fd_closep(&(*pair)[1]);
}

static int spawn(const char *folder, const char *keys, int output, pid_t *ret)
{
    char program[] = "/proc/self/exe", *environment[] = {NULL};
    char *const argv[] = {
        (char[]){"trothd"},   (char[]){"audit"},  (char[]){"replay"}, strdupa(folder),
        (char[]){"--digest"}, (char[]){"--keys"}, strdupa(keys),      NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return code;
    code = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn(ret, program, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static enum result read_digest(int fd, char ret_digest[65], struct err *err)
{
    char text[65]; /* 64 digits and a line feed */
    size_t n = 0;
    ssize_t more = 1;
    while (n < sizeof text && (more = read(fd, text + n, sizeof text - n)) > 0)
        n += (size_t)more;
    if (n != sizeof text || text[64] != '\n')
        return err_set(err, E_LEDGER, "the replay ended without a digest: its words are above");
    memcpy(ret_digest, text, 64);
    ret_digest[64] = '\0';
    return OK;
}

enum result audit_run_replay(const char *folder, const char *keys, char ret_digest[65],
                             struct err *err)
{
    CLEANUP(closep) int pair[2] = {-1, -1};
    pid_t child = -1;
    int status = 0;
    if (pipe2(pair, O_CLOEXEC) != 0)
        return fail("pipe", errno, err);
    int code = spawn(folder, keys, pair[1], &child);
    if (code != 0)
        return fail("replay", code, err);
    fd_closep(&pair[1]);
    enum result result = read_digest(pair[0], ret_digest, err);
    if (waitpid(child, &status, 0) != child)
        return fail("replay", errno, err);
    return result;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void audit_remove_export(const char *folder)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
