#include <app/listen.h>

#include <base/file.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* a fleet reconnects at once; net.core.somaxconn caps it */

static enum result failed(const char *key, const char *address, struct err *err)
{
    return err_set(err, E_IO, "listen.%s %s: %s", key, address, strerror(errno));
}

static bool set(int fd, int level, int option)
{
    const int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* `is_next`: others are bound to that port already, and share it. */
static enum result bind_tcp(const char *key, const struct address *address, bool is_next, int *ret,
                            struct err *err)
{
    int family = address->sa.ss_family;
    CLEANUP(fd_closep) int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || !set(fd, SOL_SOCKET, SO_REUSEADDR))
        return failed(key, address->text, err);
    if (family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY))
        return failed(key, address->text, err);
    if (is_next && !set(fd, SOL_SOCKET, SO_REUSEPORT))
        return failed(key, address->text, err);
    if (bind(fd, (const struct sockaddr *)&address->sa, address->n) != 0)
        return failed(key, address->text, err);
    *ret = fd;
    fd = -1;
    return OK;
}

/* The first takes the port for itself, so that nobody else has it; then it lets the others in. */
static enum result listen_tcp(const char *key, const struct address *address, int *ret, unsigned n,
                              struct err *err)
{
    struct address bound = *address;
    for (unsigned i = 0; i < n; i++) {
        TRY(bind_tcp(key, &bound, i > 0, &ret[i], err));
        if (i == 0 && n > 1) {
            bound = listen_address(ret[0]); /* port 0 was the system's choice */
            if (bound.n == 0 || !set(ret[0], SOL_SOCKET, SO_REUSEPORT))
                return failed(key, address->text, err);
        }
        if (listen(ret[i], BACKLOG) != 0)
            return failed(key, address->text, err);
    }
    return OK;
}

/* On the plain port clients speak first. A front is woken once, by their words, and not by the
 * connection before; who says nothing for a second is handed over all the same (tcp(7)). */
static enum result await_first_words(const struct address *plain, const int *fds, unsigned n,
                                     struct err *err)
{
    for (unsigned i = 0; i < n; i++)
        if (!set(fds[i], IPPROTO_TCP, TCP_DEFER_ACCEPT))
            return failed("plain", plain->text, err);
    return OK;
}

static void remove_stale(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path); /* bind says it when it is still there */
}

static enum result listen_local(const char *path, int *ret, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed("local", path, err);
    remove_stale(path);
    mode_t was = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&to, sizeof to);
    umask(was);
    if (bound != 0 || listen(fd, BACKLOG) != 0)
        return failed("local", path, err);
    *ret = fd;
    fd = -1;
    return OK;
}

static enum result listen_each(const struct config *config, struct listeners *to, struct err *err)
{
    const struct config_listen *at = &config->listen;
    TRY(listen_tcp("device", &at->device, to->device, config->fronts, err));
    TRY(listen_tcp("operator", &at->operators, &to->operators, 1, err));
    TRY(listen_tcp("plain", &at->plain, to->plain, config->fronts, err));
    TRY(await_first_words(&at->plain, to->plain, config->fronts, err));
    return listen_local(at->local, &to->local, err);
}

enum result listen_all(const struct config *config, struct listeners *ret, struct err *err)
{
    CLEANUP(listeners_close) struct listeners made;
    memset(&made, 0xff, sizeof made); /* every descriptor -1 */
    TRY(listen_each(config, &made, err));
    *ret = made;
    memset(&made, 0xff, sizeof made);
    return OK;
}

void listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < CONFIG_FRONTS_MAX; i++) {
        fd_closep(&listeners->device[i]);
        fd_closep(&listeners->plain[i]);
    }
    fd_closep(&listeners->operators);
    fd_closep(&listeners->local);
}

struct address listen_address(int fd)
{
    struct address address = {.n = sizeof address.sa};
    if (getsockname(fd, (struct sockaddr *)&address.sa, &address.n) != 0)
        return (struct address){.n = 0};
    address_name(&address);
    return address;
}
