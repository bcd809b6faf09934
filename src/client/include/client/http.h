/* One HTTP exchange with one server, over libcurl: HTTP/1.1, TLS 1.2 or 1.3, the given roots and no
 * others (never the system's), no redirects, no proxy from the environment. Connections are kept.
 * Blocking; one thread per client. */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include <base/blob.h>
#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_TEXT_MAX 128            /* octets of a header value that is kept */
#define CLIENT_ANSWER_BYTES (64 << 20) /* largest answer: an export of the ledger */
#define CLIENT_TIMEOUT_S 30
#define CLIENT_RETRY_AFTER_MAX_S 86400 /* a server may not put a device to sleep for longer */

struct client; /* opaque */

/* Where the server is, what proves it to us and what proves us to it. Texts are borrowed for the
 * call of client_open() only. */
struct client_options {
    const char *server;           /* "https://host:port"; NULL with `socket` */
    const char *socket;           /* unix socket (plain HTTP: the file system guards it) or NULL */
    const char *root_file;        /* PEM, the only roots; required unless socket or is_unverified */
    const char *certificate_file; /* PEM, leaf first; or NULL */
    struct bytes certificate_pem; /* the same from memory, instead of the file; or empty */
    const char *key_file;         /* PEM; required with a certificate */
    uint32_t timeout_s;           /* for one exchange; 0: CLIENT_TIMEOUT_S */
    size_t answer_max;            /* octets of a body; 0: CLIENT_ANSWER_BYTES */
    /* Nobody is verified: for fetching CA certificates that are then compared with a provisioned
     * fingerprint. Such a client has no certificate and sends nothing but GET without credentials.
     */
    bool is_unverified;
    /* Told about once a second how much of the body has left and come; or NULL. */
    void (*progress)(void *context, uint64_t sent, uint64_t received);
    void *progress_context;
    /* Asked about once a second, also while nothing moves: true ends the exchange, as
     * E_UNREACHABLE. NULL: never. */
    bool (*is_given_up)(void *context);
    void *given_up_context;
};

enum client_method { CLIENT_NONE = 0, CLIENT_GET, CLIENT_POST };

struct client_request {
    enum client_method method;
    const char *path;            /* begins with '/', query included */
    const char *content_type;    /* of `body`; NULL without one */
    const char *accept;          /* NULL: anything */
    struct bytes body;           /* borrowed */
    const char *idempotency_key; /* NULL: none is sent */
    const char *user;            /* HTTP Basic; NULL: none is sent */
    const char *password;        /* a secret of the caller's; libcurl's copy lives until close */
};

struct client_answer {
    int status;             /* RFC 9110 */
    uint32_t retry_after_s; /* 0: the header is absent or not in seconds */
    int64_t renew_at_s;     /* Renew-At; 0: absent or no date */
    char content_type[CLIENT_TEXT_MAX];
    char request_id[CLIENT_TEXT_MAX]; /* X-Request-Id, printable ASCII only; or empty */
    struct blob body;
};
void client_answer_free(struct client_answer *answer);

/* E_USAGE for options that contradict each other, E_MEMORY. No connection is made yet. */
MUST_USE enum result client_open(const struct client_options *options, struct client **ret,
                                 struct err *err);
void client_close(struct client *client); /* NULL is fine */
void client_closep(struct client **client);

/* Sends once. OK for any status: the caller judges it. E_UNREACHABLE (refused, timeout, no
 * address), E_TLS (the server is not who it should be), E_KEY (our certificate or key file),
 * E_TOO_LARGE. */
MUST_USE enum result client_exchange(struct client *client, const struct client_request *request,
                                     struct client_answer *ret, struct err *err);

/* Sends up to `tries` times (1 or more): again after 503, and after E_UNREACHABLE when a repetition
 * changes nothing (GET, or POST with an Idempotency-Key). Waits as backoff.h says in between; the
 * last answer or failure is returned. */
MUST_USE enum result client_send(struct client *client, const struct client_request *request,
                                 unsigned tries, struct client_answer *ret, struct err *err);

#endif
