#include <base/secret.h>

#include <base/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum result secret_new(size_t n, struct secret *ret, struct err *err)
{
    if (n == 0 || n > SECRET_MAX)
        return err_set(err, E_TOO_LARGE, "secret: %zu bytes, wanted 1 to %d", n, SECRET_MAX);

    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t mapped = (n + page) / page * page; /* one byte more: the NUL */
    void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return err_set(err, E_MEMORY, "secret: no memory for %zu bytes", n);
    /* Best effort: RLIMIT_MEMLOCK may be small, and a secret that can be swapped still works. */
    (void)mlock(p, mapped);
    (void)madvise(p, mapped, MADV_DONTDUMP);
    *ret = (struct secret){p, n, mapped};
    return OK;
}

enum result secret_copy(struct bytes from, struct secret *ret, struct err *err)
{
    TRY(secret_new(from.n, ret, err));
    memcpy(ret->p, from.p, from.n);
    return OK;
}

void secret_free(struct secret *secret)
{
    if (secret->p != NULL) {
        secret_wipe(secret->p, secret->mapped);
        munmap(secret->p, secret->mapped);
    }
    *secret = (struct secret){0};
}

void secret_wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}

bool secret_equal(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    volatile uint8_t different = 0;
    for (size_t i = 0; i < a.n; i++)
        different |= a.p[i] ^ b.p[i];
    return different == 0;
}

/* What stat says must hold of the open file itself: a path could be changed in between. */
static enum result check_open_file(int fd, const char *path, size_t max, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, E_KEY, "%s: not a regular file", path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(err, E_KEY, "%s: mode %03o lets group or others in, wanted 0600 or 0400",
                       path, (unsigned)st.st_mode & 0777u);
    if (st.st_size == 0)
        return err_set(err, E_KEY, "%s: empty", path);
    if ((uintmax_t)st.st_size > max)
        return err_set(err, E_TOO_LARGE, "%s: %jd bytes, wanted at most %zu", path,
                       (intmax_t)st.st_size, max);
    return OK;
}

static enum result read_into(int fd, const char *path, struct secret *into, struct err *err)
{
    size_t at = 0;
    while (at < into->n) {
        ssize_t got = read(fd, into->p + at, into->n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(err, E_IO, "%s: %s", path, got < 0 ? strerror(errno) : "shrank");
        at += (size_t)got;
    }
    return OK;
}

enum result secret_read_file(const char *path, size_t max, struct secret *ret, struct err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, E_KEY, "%s: %s", path, strerror(errno));
    TRY(check_open_file(fd, path, max, err));

    struct stat st;
    CLEANUP(secret_free) struct secret whole = {0};
    if (fstat(fd, &st) != 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    TRY(secret_new((size_t)st.st_size, &whole, err));
    TRY(read_into(fd, path, &whole, err));
    if (whole.p[whole.n - 1] == '\n')
        whole.p[--whole.n] = '\0';
    if (whole.n == 0)
        return err_set(err, E_KEY, "%s: empty", path);
    *ret = whole;
    whole = (struct secret){0};
    return OK;
}

/* As much as comes, up to one octet more than may. */
static enum result read_all(int fd, struct secret *whole, size_t *ret_n, struct err *err)
{
    size_t n = 0;
    while (n < whole->n) {
        ssize_t got = read(fd, whole->p + n, whole->n - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, E_IO, "standard input: %s", strerror(errno));
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_n = n;
    return OK;
}

enum result secret_read_input(size_t max, struct secret *ret, struct err *err)
{
    CLEANUP(secret_free) struct secret whole = {0};
    size_t n = 0;
    TRY(secret_new(max + 1, &whole, err));
    TRY(read_all(STDIN_FILENO, &whole, &n, err));
    if (n > max)
        return err_set(err, E_TOO_LARGE, "standard input: more than %zu bytes", max);
    if (n > 0 && whole.p[n - 1] == '\n')
        n--;
    if (n == 0)
        return err_set(err, E_KEY, "standard input: empty");
    return secret_copy(bytes_of(whole.p, n), ret, err);
}

enum result secret_read_passphrase(const char *path, const char *name, struct secret *ret,
                                   struct err *err)
{
    if (*path != '\0')
        return secret_read_file(path, SECRET_MAX, ret, err);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL)
        return err_set(err, E_KEY,
                       "no passphrase file is set and there is no systemd credential %s", name);
    char credential[4096];
    int n = snprintf(credential, sizeof credential, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof credential)
        return err_set(err, E_KEY, "CREDENTIALS_DIRECTORY: longer than %zu bytes",
                       sizeof credential);
    return secret_read_file(credential, SECRET_MAX, ret, err);
}
