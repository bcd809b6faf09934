/* A real front (front_run in a process of its own, real libmicrohttpd and GnuTLS, loopback ports)
 * with a core in a second process that answers by the EST label:
 *   ok: a certificate · never: nothing · refused: E_PROOF · policy: E_POLICY · wait: E_WAITING, 7 s
 *   busy: E_BUSY, 3 s · late: a certificate after 200 ms */
#ifndef TEST_HTTP_LAB_H
#define TEST_HTTP_LAB_H

#include <base/blob.h>
#include <base/config.h>
#include <crypto/key.h>
#include <ipc/ipc.h>
#include <trust/words.h>

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* ---- certificates ---------------------------------------------------------------------------- */

struct lab_holder {
    struct key *key;
    struct blob certificate;
};

/* What is unusual about a certificate; all zero: a good leaf with clientAuth. */
struct lab_wish {
    const char *common_name;   /* NULL: none */
    const char *serial_number; /* NULL: none */
    bool is_ca;
    bool is_server;
    int64_t not_before_s, not_after_s; /* 0: yesterday, in a week */
};

/* A certificate over `key` under `issuer`; NULL: self-signed. */
struct blob lab_certify(const struct lab_holder *issuer, struct key *key,
                        const struct lab_wish *wish);
struct lab_holder lab_holder(const struct lab_holder *issuer, const struct lab_wish *wish);
void lab_holder_free(struct lab_holder *holder);

/* A CSR over the key, base64 in one line, NUL-terminated; the caller's to free(). */
char *lab_request(struct key *key, const char *serial_number);

/* ---- the front and its core ------------------------------------------------------------------ */

/* What core saw; shared between the processes. */
struct lab_seen {
    _Atomic int enrols, sightings, certificates;
    _Atomic int acks, reports;
    _Atomic uint32_t boundary;
    _Atomic uint64_t status, service;
    _Atomic int operation, credential, names_equal;
    _Atomic uint32_t issuer, anchor;
    _Atomic int64_t handshake_s;
    char label[65], user[65], token[65], csr_serial_number[65], peer_serial_number[65];
};

struct lab {
    struct lab_holder root, ldevid, idevid, operations, anchor;
    struct config config;
    struct lab_seen *seen;
    pid_t front, core;
    int supervisor_fd; /* its end stops the front */
    int script_fd;     /* to core: lab_core_says() */
    uint16_t port_tls, port_plain;
    char folder[64]; /* the public files */
    int64_t server_life_s;
};

void lab_start(struct lab *lab, const struct config_limits *limits);
/* Stops both and removes the folder; the front's exit status. */
int lab_stop(struct lab *lab);

/* Core has sent the front a message, who reads it before what clients send from now on: the struct
 * msg_NAME that belongs to the type. */
void lab_core_says(struct lab *lab, enum ipc_type type, const void *message);

extern const struct config_limits lab_limits; /* seconds: for tests that do not wait */

/* ---- clients --------------------------------------------------------------------------------- */

struct lab_client {
    int fd;
    gnutls_session_t tls; /* NULL: plain */
    gnutls_certificate_credentials_t credentials;
};

struct lab_reply {
    int status; /* 0: the connection ended without an answer */
    char head[4096];
    char body[65536];
    size_t body_n;
    bool is_closed; /* and then the connection ended */
};

/* `holder` NULL: no certificate; `priorities` NULL: as GnuTLS has them. False: no handshake. */
bool lab_connect_tls(const struct lab *lab, const struct lab_holder *holder, const char *priorities,
                     struct lab_client *ret);
void lab_connect_plain(const struct lab *lab, struct lab_client *ret);
void lab_close(struct lab_client *client);
bool lab_send(struct lab_client *client, const void *p, size_t n);
bool lab_send_text(struct lab_client *client, const char *text);
/* Reads one reply by its Content-Length; `is_head`: it has no body. Looks `linger_ms` for the end
 * of the connection. */
struct lab_reply lab_receive(struct lab_client *client, bool is_head, int linger_ms);
/* The value of a header, or NULL. Points into a static buffer. */
const char *lab_header(const struct lab_reply *reply, const char *name);
/* Milliseconds until the server ended the connection; -1: it did not within `max_ms`. */
int64_t lab_wait_end(struct lab_client *client, int64_t max_ms);

/* One request and reply on a new connection. */
struct lab_reply lab_ask(const struct lab *lab, bool is_tls, const char *request);
/* POST /.well-known/est/LABEL/simpleenroll (or re) with a CSR. */
struct lab_reply lab_enrol(struct lab_client *client, const char *label, const char *operation,
                           const char *headers, const char *csr);

#endif
