#include <ipc/sealed.h>

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

enum result sealed_create(const char *name, int *ret_fd, struct err *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_set(err, E_IO, "memfd %s: %s", name, strerror(errno));
    *ret_fd = fd;
    return OK;
}

enum result sealed_close_writing(int fd, struct err *err)
{
    if (fcntl(fd, F_ADD_SEALS, SEALS) != 0)
        return err_set(err, E_IO, "sealing a memfd: %s", strerror(errno));
    return OK;
}

enum result sealed_from(const char *name, struct bytes bytes, int *ret_fd, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    TRY(sealed_create(name, &fd, err));
    TRY(fd_write(fd, bytes, err));
    TRY(sealed_close_writing(fd, err));
    *ret_fd = fd;
    fd = -1;
    return OK;
}

enum result sealed_map(int fd, size_t max, struct bytes *ret, struct err *err)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS)
        return err_set(err, E_SYNTAX, "bulk data must be a sealed memfd");
    if (fstat(fd, &st) != 0 || st.st_size <= 0)
        return err_set(err, E_SYNTAX, "bulk data is empty");
    size_t n = (size_t)st.st_size;
    if (n > max)
        return err_set(err, E_TOO_LARGE, "bulk data has %zu bytes, at most %zu are taken", n, max);
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_set(err, E_MEMORY, "mapping %zu bytes: %s", n, strerror(errno));
    *ret = bytes_of(p, n);
    return OK;
}

void sealed_unmap(struct bytes *mapped)
{
    if (mapped->n > 0)
        munmap((void *)(uintptr_t)mapped->p, mapped->n);
    *mapped = bytes_of(NULL, 0);
}
