/* Preloaded into the server by the benches: counts every fsync and fdatasync of all its processes
 * in the first eight octets of the file SLOW_SYNC_COUNT, and makes each take SLOW_SYNC_US
 * microseconds more, as on a disk without a write-back cache. Both variables are read once, in the
 * supervisor; its children inherit the mapping, so that no sandbox is in the way. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

static int64_t delay_us;
static _Atomic uint64_t nowhere, *count = &nowhere;

static void map_count(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p != MAP_FAILED)
        count = p;
}

__attribute__((constructor)) static void read_variables(void)
{
    const char *delay = getenv("SLOW_SYNC_US"), *path = getenv("SLOW_SYNC_COUNT");
    if (delay != NULL)
        delay_us = strtoll(delay, NULL, 10);
    if (path != NULL)
        map_count(path);
}

static void count_and_wait(void)
{
    struct timespec left = {delay_us / 1000000, delay_us % 1000000 * 1000};
    atomic_fetch_add(count, 1);
    while (left.tv_sec + left.tv_nsec > 0 && nanosleep(&left, &left) != 0)
        continue;
}

int fsync(int fd)
{
    count_and_wait();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    count_and_wait();
    return (int)syscall(SYS_fdatasync, fd);
}
