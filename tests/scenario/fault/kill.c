/* Ends the process that it is loaded into, by SIGKILL, before its KILL_AT-th step that changes the
 * disk; KILL_LOG names a file that gets a line for each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int steps;

static void step(const char *what, const char *path)
{
    const char *at = getenv("KILL_AT"), *log = getenv("KILL_LOG");
    FILE *to = log != NULL ? fopen(log, "a") : NULL;

    steps++;
    if (to != NULL) {
        fprintf(to, "%d %s %s\n", steps, what, path);
        fclose(to);
    }
    if (at != NULL && atoi(at) == steps)
        kill(getpid(), SIGKILL);
}

static void step_of(const char *what, int fd, const char *only)
{
    char link[64], path[512];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    path[n < 0 ? 0 : n] = '\0';
    if (strstr(path, only) != NULL)
        step(what, path);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    step("rename", to);
    return real(from, to);
}

int fsync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    step_of("fsync", fd, "");
    return real(fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    step_of("write", fd, "signer/journal");
    return real(fd, p, n);
}
