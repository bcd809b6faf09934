/* What a test preloads into the real server to make the machine fail: the clock jumps, a sync
 * fails, the n-th allocation fails. The control lies in a file that every process maps before its
 * sandbox, so that the test changes it while they run. Nothing of this is in any object that is
 * shipped. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The same layout as fault.py's. */
struct control {
    _Atomic int64_t wall_offset_s;
    _Atomic int64_t
        fail_syncs; /* so many fsync and fdatasync of files under way fail; counts down */
    _Atomic int64_t allocations; /* the n-th from now fails; 0 = none */
    _Atomic int64_t failed_allocations;
    _Atomic int64_t slept_s; /* the machine was suspended so long */
};

static struct control nothing;
static struct control *control = &nothing;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t n);

#define FRAMES_MAX 32

/* Says on the log in whose code it was, which a dead process behind a sandbox shows nobody. The
 * handler is gone by then: what faulted faults again. */
static void say_where(int signal_number)
{
    static const char title[] = "crashed in:\n";
    void *frames[FRAMES_MAX];
    int n = backtrace(frames, FRAMES_MAX);
    if (write(STDERR_FILENO, title, sizeof title - 1) > 0)
        backtrace_symbols_fd(frames, n, STDERR_FILENO);
    (void)signal_number;
}

__attribute__((constructor)) static void catch_crashes(void)
{
    void *frame;
    struct sigaction action = {.sa_handler = say_where, .sa_flags = SA_RESETHAND};
    (void)backtrace(&frame, 1); /* loads its library before the sandbox */
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
}

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("TROTH_FAULT_CONTROL");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        control = at;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int bad = real(id, ret);
    if (bad == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret->tv_sec += control->wall_offset_s + control->slept_s;
    if (bad == 0 && id == CLOCK_BOOTTIME)
        ret->tv_sec += control->slept_s;
    return bad;
}

time_t time(time_t *ret)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}

static int takes_one(_Atomic int64_t *count)
{
    int64_t left = *count;
    while (left > 0)
        if (atomic_compare_exchange_weak(count, &left, left - 1))
            return 1;
    return 0;
}

static int sync_fails(void)
{
    if (!takes_one(&control->fail_syncs))
        return 0;
    errno = EIO;
    return 1;
}

int fsync(int fd)
{
    static int (*real)(int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return sync_fails() ? -1 : real(fd);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_fails() ? -1 : real(fd);
}

static int allocation_fails(void)
{
    int64_t left = control->allocations;
    while (left > 0)
        if (atomic_compare_exchange_weak(&control->allocations, &left, left - 1)) {
            if (left != 1)
                return 0;
            control->failed_allocations++;
            errno = ENOMEM;
            return 1;
        }
    return 0;
}

void *malloc(size_t n)
{
    return allocation_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t n)
{
    return allocation_fails() ? NULL : __libc_realloc(old, n);
}
