#include "lab.h"

#include <base/clock.h>
#include <base/secret.h>

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int connect_to(uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    struct timeval limit = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int now = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    return fd;
}

void lab_connect_plain(const struct lab *lab, struct lab_client *ret)
{
    *ret = (struct lab_client){.fd = connect_to(lab->port_plain)};
}

static void show_certificate(struct lab_client *client, const struct lab_holder *holder)
{
    gnutls_x509_crt_t leaf;
    gnutls_x509_privkey_t key;
    CLEANUP(secret_free) struct secret pem = {0};
    assert_int_equal(key_write(holder->key, NULL, KEY_COST_ONLINE, &pem, NULL), OK);
    gnutls_datum_t der = {holder->certificate.p, (unsigned)holder->certificate.n};
    gnutls_datum_t text = {pem.p, (unsigned)pem.n};
    assert_int_equal(gnutls_x509_crt_init(&leaf), 0);
    assert_int_equal(gnutls_x509_crt_import(leaf, &der, GNUTLS_X509_FMT_DER), 0);
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_import(key, &text, GNUTLS_X509_FMT_PEM), 0);
    assert_int_equal(gnutls_certificate_set_x509_key(client->credentials, &leaf, 1, key), 0);
    gnutls_x509_crt_deinit(leaf);
    gnutls_x509_privkey_deinit(key);
}

bool lab_connect_tls(const struct lab *lab, const struct lab_holder *holder, const char *priorities,
                     struct lab_client *ret)
{
    *ret = (struct lab_client){.fd = connect_to(lab->port_tls)};
    gnutls_certificate_allocate_credentials(&ret->credentials);
    if (holder != NULL)
        show_certificate(ret, holder);
    gnutls_init(&ret->tls, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_credentials_set(ret->tls, GNUTLS_CRD_CERTIFICATE, ret->credentials);
    gnutls_priority_set_direct(ret->tls, priorities == NULL ? "NORMAL" : priorities, NULL);
    gnutls_transport_set_int(ret->tls, ret->fd);
    gnutls_handshake_set_timeout(ret->tls, 10000);
    int code;
    do
        code = gnutls_handshake(ret->tls);
    while (code < 0 && gnutls_error_is_fatal(code) == 0);
    return code == 0;
}

void lab_close(struct lab_client *client)
{
    if (client->tls != NULL)
        gnutls_deinit(client->tls);
    if (client->credentials != NULL)
        gnutls_certificate_free_credentials(client->credentials);
    close(client->fd);
    *client = (struct lab_client){.fd = -1};
}

bool lab_send(struct lab_client *client, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n > 0) {
        ssize_t sent = client->tls != NULL ? gnutls_record_send(client->tls, at, n)
                                           : send(client->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool lab_send_text(struct lab_client *client, const char *text)
{
    return lab_send(client, text, strlen(text));
}

static ssize_t receive_some(struct lab_client *client, void *to, size_t n)
{
    ssize_t got;
    do
        got = client->tls != NULL ? gnutls_record_recv(client->tls, to, n)
                                  : recv(client->fd, to, n, 0);
    while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
    return got;
}

static bool receive_exactly(struct lab_client *client, void *to, size_t n)
{
    uint8_t *at = to;
    while (n > 0) {
        ssize_t got = receive_some(client, at, n);
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

const char *lab_header(const struct lab_reply *reply, const char *name)
{
    static char value[512];
    size_t n = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
            continue;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 4 + n, "\r"), line + 4 + n);
        return value;
    }
    return NULL;
}

int64_t lab_wait_end(struct lab_client *client, int64_t max_ms)
{
    int64_t begin_ms = clock_monotonic_us() / 1000;
    for (;;) {
        int64_t past_ms = clock_monotonic_us() / 1000 - begin_ms;
        struct pollfd wait = {client->fd, POLLIN, 0};
        if (past_ms > max_ms)
            return -1;
        if (poll(&wait, 1, (int)(max_ms - past_ms)) <= 0)
            return -1;
        char octets[4096];
        if (recv(client->fd, octets, sizeof octets, 0) <= 0)
            return clock_monotonic_us() / 1000 - begin_ms;
    }
}

struct lab_reply lab_receive(struct lab_client *client, bool is_head, int linger_ms)
{
    struct lab_reply reply = {0};
    size_t n = 0;
    while (n < sizeof reply.head - 1 && strstr(reply.head, "\r\n\r\n") == NULL)
        if (!receive_exactly(client, reply.head + n++, 1)) {
            reply.is_closed = true;
            return reply;
        }
    sscanf(reply.head, "HTTP/1.%*c %d", &reply.status);
    const char *length = lab_header(&reply, "Content-Length");
    bool has_body = !is_head && reply.status != 304 && reply.status != 204 && length != NULL;
    reply.body_n = has_body ? (size_t)atoll(length) : 0;
    assert_true(reply.body_n < sizeof reply.body);
    assert_true(receive_exactly(client, reply.body, reply.body_n));
    reply.is_closed = linger_ms > 0 && lab_wait_end(client, linger_ms) >= 0;
    return reply;
}

struct lab_reply lab_ask(const struct lab *lab, bool is_tls, const char *request)
{
    struct lab_client client;
    if (is_tls)
        assert_true(lab_connect_tls(lab, NULL, NULL, &client));
    else
        lab_connect_plain(lab, &client);
    lab_send_text(&client, request);
    struct lab_reply reply = lab_receive(&client, strncmp(request, "HEAD", 4) == 0, 50);
    lab_close(&client);
    return reply;
}

struct lab_reply lab_enrol(struct lab_client *client, const char *label, const char *operation,
                           const char *headers, const char *csr)
{
    char head[1024];
    snprintf(head, sizeof head,
             "POST /.well-known/est/%s/%s HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Type: application/pkcs10\r\nContent-Length: %zu\r\n%s\r\n",
             label, operation, strlen(csr), headers);
    lab_send_text(client, head);
    lab_send_text(client, csr);
    return lab_receive(client, false, 0);
}
