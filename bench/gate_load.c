/* Sends one request again and again over kept connections, and takes the answers, which have no
 * body:
 *
 *   bench-gate-load COUNT CONNECTIONS SOCKET                     < REQUEST
 *   bench-gate-load COUNT CONNECTIONS PORT ROOT CHAIN KEY        < REQUEST     (TLS, at 127.0.0.1)
 *
 * One request is under way on each connection. Prints one JSON object: {"done", "seconds"}. An
 * answer other than 2xx ends it. */
#include <base/clock.h>
#include <base/text.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define OCTETS_MAX 8192

struct link {
    int fd;
    SSL *tls; /* NULL: none */
};

static void fail(const char *what, const char *more)
{
    fprintf(stderr, "bench-gate-load: %s: %s\n", what, more);
    exit(1);
}

/* ---- connections ----------------------------------------------------------------------------- */

static int connect_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!text_copy(text_bytes(path), address.sun_path, sizeof address.sun_path) ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail(path, "nobody listens there");
    return fd;
}

static int connect_port(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail(port, "nobody listens there");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static SSL_CTX *client_of(const char *root, const char *chain, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_load_verify_file(ctx, root) != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        fail(chain, "no root, chain and key of a client");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static struct link open_link(SSL_CTX *ctx, const char *where)
{
    if (ctx == NULL)
        return (struct link){connect_path(where), NULL};
    struct link link = {connect_port(where), SSL_new(ctx)};
    if (link.tls == NULL || SSL_set_fd(link.tls, link.fd) != 1 || SSL_connect(link.tls) != 1)
        fail(where, "no handshake");
    return link;
}

/* ---- questions and answers ------------------------------------------------------------------- */

static void send_on(const struct link *link, struct bytes request)
{
    ssize_t n = link->tls != NULL ? SSL_write(link->tls, request.p, (int)request.n)
                                  : write(link->fd, request.p, request.n);
    if (n != (ssize_t)request.n)
        fail("a request", "not sent");
}

static bool is_whole(const char *answer, size_t n)
{
    return n >= 16 && memcmp(answer + n - 4, "\r\n\r\n", 4) == 0;
}

static void take_on(const struct link *link)
{
    char answer[OCTETS_MAX];
    size_t have = 0;
    while (!is_whole(answer, have)) {
        size_t room = sizeof answer - 1 - have;
        ssize_t n = link->tls != NULL ? SSL_read(link->tls, answer + have, (int)room)
                                      : read(link->fd, answer + have, room);
        if (n <= 0)
            fail("an answer", "the connection ended, or it has a body");
        have += (size_t)n;
    }
    answer[have] = '\0';
    if (strncmp(answer, "HTTP/1.1 2", 10) != 0)
        fail("not 2xx", answer);
}

static size_t run(const struct link *links, size_t n, size_t count, struct bytes request)
{
    size_t done = 0;
    for (; done < count; done += n) {
        for (size_t i = 0; i < n; i++)
            send_on(&links[i], request);
        for (size_t i = 0; i < n; i++)
            take_on(&links[i]);
    }
    return done;
}

int main(int argc, char **argv)
{
    static struct link links[CONNECTIONS_MAX];
    static char request[OCTETS_MAX];
    if (argc != 4 && argc != 7)
        return 2;
    size_t count = strtoul(argv[1], NULL, 10), n = strtoul(argv[2], NULL, 10);
    size_t request_n = fread(request, 1, sizeof request, stdin);
    if (n == 0 || n > CONNECTIONS_MAX || request_n == 0 || request_n == sizeof request)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *ctx = argc == 7 ? client_of(argv[4], argv[5], argv[6]) : NULL;
    for (size_t i = 0; i < n; i++)
        links[i] = open_link(ctx, argv[3]);
    (void)run(links, n, n, bytes_of(request, request_n)); /* what is made once is made */
    int64_t begun_us = clock_monotonic_us();
    size_t done = run(links, n, count, bytes_of(request, request_n));
    printf("{\"done\": %zu, \"seconds\": %.6f}\n", done,
           (double)(clock_monotonic_us() - begun_us) / 1e6);
    for (size_t i = 0; i < n; i++) {
        SSL_free(links[i].tls);
        close(links[i].fd);
    }
    SSL_CTX_free(ctx);
    return 0;
}
