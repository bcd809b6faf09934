/* The load generator: its options, its requests, its connections. One process, one thread. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "calibration.h"

#include <base/err.h>
#include <wire/bytes.h>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum load_mode {
    LOAD_KEEPALIVE, /* each connection carries many requests */
    LOAD_CONNECT,   /* a connection for each request, with a client certificate */
    LOAD_IDLE,      /* connections that have asked once and then stay */
};

struct load_options {
    enum load_mode mode;
    const char *folder; /* of bench-prepare */
    const char *ca;     /* PEM: the root that the server must be below */
    const char *path;   /* of the request */
    uint16_t port;      /* on 127.0.0.1 */
    size_t first, count, connections;
};

/* Reads the arguments or ends the program with a word why. */
struct load_options load_options_read(int argc, char **argv);

/* One request as it goes over the wire, and who makes it. */
struct load_request {
    struct bytes http; /* head and body */
    struct bytes spki; /* what the certificate must be for; empty: any answer of 200 is good */
    X509 *certificate; /* the client's; NULL without one */
    EVP_PKEY *key;
};

/* Requests `first` to `first + count` of the folder, made ready to send; for LOAD_IDLE `count`
 * times the same. They live as long as the process. E_IO, E_SYNTAX. */
MUST_USE enum result load_requests_read(const struct load_options *options,
                                        struct load_request **ret, struct err *err);

/* Is this EST answer a certificate for the request's key? For after the measurement. */
bool load_answer_is_good(const struct load_request *request, struct bytes body);

/* The maker's certificates between leaf and anchor, which clients send along. E_IO, E_KEY. */
MUST_USE enum result load_chain_read(const struct load_options *options, SSL_CTX *ctx,
                                     struct err *err);

#define LOAD_ANSWER_ROOM 8192

enum load_stage {
    STAGE_FREE,
    STAGE_HANDSHAKE,
    STAGE_SEND,
    STAGE_RECEIVE,
    STAGE_DONE,   /* the answer is whole in `in` */
    STAGE_FAILED, /* `why` says where */
};

struct load_client {
    SSL *ssl;
    int fd;
    enum load_stage stage;
    const char *why;
    const struct load_request *request;
    int64_t begun_us;
    size_t sent;
    char in[LOAD_ANSWER_ROOM];
    size_t in_n, head_n, whole_n;
    int status;
    bool wants_write, is_closing;
};

/* Connects to the server; the handshake begins with the first load_client_drive. */
MUST_USE enum result load_client_open(struct load_client *client, SSL_CTX *ctx, uint16_t port,
                                      const struct load_request *request, struct err *err);

/* Another request on the open connection. */
void load_client_ask(struct load_client *client, const struct load_request *request);

/* Goes on as far as the socket allows: to STAGE_DONE, STAGE_FAILED or until it would block. */
void load_client_drive(struct load_client *client);

void load_client_close(struct load_client *client);

static inline struct bytes load_client_body(const struct load_client *client)
{
    return bytes_of(client->in + client->head_n, client->whole_n - client->head_n);
}

#endif
