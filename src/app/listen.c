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

static enum result listen_tcp(const char *key, const struct address *address, int *ret,
                              struct err *err)
{
    const int on = 1;
    int family = address->sa.ss_family;
    CLEANUP(fd_closep) int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return failed(key, address->text, err);
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return failed(key, address->text, err);
    if (bind(fd, (const struct sockaddr *)&address->sa, address->n) != 0 ||
        listen(fd, BACKLOG) != 0)
        return failed(key, address->text, err);
    *ret = fd;
    fd = -1;
    return OK;
}

/* On the plain port clients speak first. Fronts are woken once, by their words, and not by the
 * connection before; who says nothing for a second is handed over all the same (tcp(7)). */
static enum result await_first_words(int fd, const struct address *plain, struct err *err)
{
    const int second = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &second, sizeof second) != 0)
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

static enum result listen_each(const struct config_listen *config, struct listeners *to,
                               struct err *err)
{
    TRY(listen_tcp("device", &config->device, &to->device, err));
    TRY(listen_tcp("operator", &config->operators, &to->operators, err));
    TRY(listen_tcp("plain", &config->plain, &to->plain, err));
    TRY(await_first_words(to->plain, &config->plain, err));
    return listen_local(config->local, &to->local, err);
}

enum result listen_all(const struct config_listen *config, struct listeners *ret, struct err *err)
{
    CLEANUP(listeners_close) struct listeners made = {-1, -1, -1, -1};
    TRY(listen_each(config, &made, err));
    *ret = made;
    made = (struct listeners){-1, -1, -1, -1};
    return OK;
}

void listeners_close(struct listeners *listeners)
{
    fd_closep(&listeners->device);
    fd_closep(&listeners->operators);
    fd_closep(&listeners->plain);
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
