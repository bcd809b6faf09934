#include "load.h"

#include <base/clock.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(struct load_client *client, const char *why)
{
    client->stage = STAGE_FAILED;
    client->why = why;
}

void load_client_close(struct load_client *client)
{
    SSL_free(client->ssl);
    if (client->fd >= 0)
        close(client->fd);
    *client = (struct load_client){.fd = -1};
}

static bool is_set_up(struct load_client *client, SSL_CTX *ctx)
{
    const struct load_request *request = client->request;
    client->ssl = SSL_new(ctx);
    if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1)
        return false;
    static char host[] = "localhost"; /* the macro casts away a const */
    SSL_set_tlsext_host_name(client->ssl, host);
    if (SSL_set1_host(client->ssl, host) != 1)
        return false;
    return request->certificate == NULL ||
           (SSL_use_certificate(client->ssl, request->certificate) == 1 &&
            SSL_use_PrivateKey(client->ssl, request->key) == 1);
}

enum result load_client_open(struct load_client *client, SSL_CTX *ctx, uint16_t port,
                             const struct load_request *request, struct err *err)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *client = (struct load_client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    load_client_ask(client, request);
    client->stage = STAGE_HANDSHAKE;
    client->wants_write = true; /* until it is connected */
    int one = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        return err_set(err, E_UNREACHABLE, "connect: %s", strerror(errno));
    return is_set_up(client, ctx) ? OK : err_set(err, E_KEY, "OpenSSL has no connection for us");
}

void load_client_ask(struct load_client *client, const struct load_request *request)
{
    client->request = request;
    client->begun_us = clock_monotonic_us();
    client->sent = client->in_n = client->head_n = client->whole_n = 0;
    client->stage = STAGE_SEND;
}

/* The server is ours: its heads have these two fields spelled so, and no chunks. */
static void read_head(struct load_client *client)
{
    client->in[client->in_n] = '\0';
    const char *end = strstr(client->in, "\r\n\r\n");
    if (end == NULL)
        return;
    client->head_n = (size_t)(end - client->in) + 4;
    client->status = client->in_n > 12 ? (int)strtol(client->in + 9, NULL, 10) : 0;
    const char *length = strcasestr(client->in, "\r\nContent-Length: ");
    size_t body_n = length == NULL || length > end ? 0 : strtoul(length + 18, NULL, 10);
    client->whole_n = client->head_n + body_n;
    const char *closing = strcasestr(client->in, "\r\nConnection: close");
    client->is_closing = closing != NULL && closing < end;
}

/* One step; the result is OpenSSL's. */
static int step(struct load_client *client)
{
    struct bytes http = client->request->http;
    switch (client->stage) {
    case STAGE_HANDSHAKE:
        return SSL_connect(client->ssl);
    case STAGE_SEND:
        return SSL_write(client->ssl, http.p + client->sent, (int)(http.n - client->sent));
    case STAGE_RECEIVE:
        return SSL_read(client->ssl, client->in + client->in_n,
                        (int)(sizeof client->in - 1 - client->in_n));
    case STAGE_FREE:
    case STAGE_DONE:
    case STAGE_FAILED:
        break;
    }
    return 0;
}

static void took(struct load_client *client, size_t n)
{
    if (client->stage == STAGE_HANDSHAKE) {
        client->stage = STAGE_SEND;
    } else if (client->stage == STAGE_SEND) {
        client->sent += n;
        if (client->sent == client->request->http.n)
            client->stage = STAGE_RECEIVE;
    } else {
        client->in_n += n;
        if (client->head_n == 0)
            read_head(client);
        if (client->head_n != 0 && client->in_n >= client->whole_n)
            client->stage = STAGE_DONE;
        else if (client->in_n == sizeof client->in - 1)
            fail(client, "the answer is too large");
    }
}

static const char *const stage_names[] = {
    [STAGE_HANDSHAKE] = "the handshake failed",
    [STAGE_SEND] = "the request could not be sent",
    [STAGE_RECEIVE] = "the connection ended before the answer",
};

void load_client_drive(struct load_client *client)
{
    while (client->stage >= STAGE_HANDSHAKE && client->stage <= STAGE_RECEIVE) {
        ERR_clear_error();
        int n = step(client);
        if (n > 0) {
            took(client, (size_t)n);
            continue;
        }
        int why = SSL_get_error(client->ssl, n);
        client->wants_write = why == SSL_ERROR_WANT_WRITE;
        if (why == SSL_ERROR_WANT_READ || client->wants_write)
            return;
        fail(client, stage_names[client->stage]);
    }
}
