#include <crypto/peer.h>

#include "fail.h"

#include <base/clock.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SUITES "ALL:COMPLEMENTOFALL:@SECLEVEL=0"

struct peer_look {
    SSL_CTX *ctx;
};

/* One look under way. */
struct looking {
    struct peer_seen seen;
    bool speaks_tls; /* it answered as a server of TLS does */
};

static void ssl_freep(SSL **ssl)
{
    SSL_free(*ssl);
}

void peer_seen_free(struct peer_seen *seen)
{
    for (size_t i = 0; i < seen->n; i++)
        blob_free(&seen->chain[i]);
    seen->n = 0;
}

/* ---- the chain ------------------------------------------------------------------------------ */

static bool keep(struct peer_seen *seen, X509 *certificate)
{
    unsigned char *der = NULL;
    int n = i2d_X509(certificate, &der);
    if (n <= 0)
        return false;
    bool is_kept =
        blob_copy(bytes_of(der, (size_t)n), &seen->chain[seen->n]) == OK && ++seen->n > 0;
    OPENSSL_free(der);
    return is_kept;
}

/* Called with the chain as soon as it came; 1 goes on with the handshake. */
static int take_chain(X509_STORE_CTX *store, void *context)
{
    (void)context;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct peer_seen *seen = &((struct looking *)SSL_get_app_data(ssl))->seen;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    for (int i = 0; i < sk_X509_num(chain) && seen->n < PEER_CHAIN_MAX; i++)
        if (!keep(seen, sk_X509_value(chain, i)))
            return 0;
    return 1;
}

enum result peer_look_new(struct peer_look **ret, struct err *err)
{
    struct peer_look *look = calloc(1, sizeof *look);
    if (look == NULL)
        return err_set(err, E_MEMORY, "no memory for a look at TLS servers");
    look->ctx = SSL_CTX_new(TLS_client_method());
    if (look->ctx == NULL || SSL_CTX_set_cipher_list(look->ctx, SUITES) != 1 ||
        SSL_CTX_set_min_proto_version(look->ctx, TLS1_VERSION) != 1) {
        peer_look_freep(&look);
        return fail_openssl(err, E_KEY, "TLS cannot be begun");
    }
    SSL_CTX_set_options(look->ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_verify(look->ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_verify_callback(look->ctx, take_chain, NULL);
    *ret = look;
    return OK;
}

void peer_look_freep(struct peer_look **look)
{
    struct peer_look *gone = STEAL(*look);
    if (gone == NULL)
        return;
    SSL_CTX_free(gone->ctx);
    free(gone);
}

/* ---- the handshake -------------------------------------------------------------------------- */

static bool wait_for(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        struct pollfd one = {.fd = fd, .events = events};
        if (left_us <= 0)
            return false;
        int n = poll(&one, 1, (int)(left_us / 1000) + 1);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* It answered with a hello, or with an alert. */
static void on_step(const SSL *ssl, int where, int alert)
{
    (void)alert;
    struct looking *one = SSL_get_app_data(ssl);
    if (where == SSL_CB_READ_ALERT || SSL_get_state(ssl) == TLS_ST_CR_SRVR_HELLO)
        one->speaks_tls = true;
}

static void tell(struct peer_seen *seen, enum peer_outcome outcome, const char *why)
{
    seen->outcome = outcome;
    (void)snprintf(seen->why, sizeof seen->why, "%s", why);
}

static void tell_failure(struct looking *one)
{
    const char *why = ERR_reason_error_string(ERR_peek_error());
    tell(&one->seen, one->speaks_tls ? PEER_NO_CERTIFICATE : PEER_NO_TLS,
         why != NULL ? why : "it closed the connection");
}

static void tell_names(const SSL *ssl, struct peer_seen *seen)
{
    const char *cipher = SSL_get_cipher_name(ssl);
    (void)snprintf(seen->protocol, sizeof seen->protocol, "%s", SSL_get_version(ssl));
    (void)snprintf(seen->cipher, sizeof seen->cipher, "%s",
                   strcmp(cipher, "(NONE)") == 0 ? "" : cipher);
}

/* One step; false when the handshake is over, and what became of it is told. */
static bool step(SSL *ssl, int fd, int64_t deadline_us, struct looking *one)
{
    ERR_clear_error();
    int n = SSL_connect(ssl);
    int error = SSL_get_error(ssl, n);
    bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (n == 1)
        tell(&one->seen, PEER_NO_CERTIFICATE, "the handshake went through without one");
    else if (!waits)
        tell_failure(one);
    else if (wait_for(fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_us))
        return true;
    else
        tell(&one->seen, PEER_TIMED_OUT, "it did not go on with the handshake");
    return false;
}

enum result peer_look_at(struct peer_look *look, int fd, const char *name, int64_t deadline_us,
                         struct peer_seen *ret, struct err *err)
{
    struct looking one = {0};
    struct peer_seen *seen = &one.seen;
    char host[256];
    CLEANUP(ssl_freep) SSL *ssl = SSL_new(look->ctx);
    (void)snprintf(host, sizeof host, "%s", name != NULL ? name : "");
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        (name != NULL && SSL_set_tlsext_host_name(ssl, host) != 1))
        return fail_openssl(err, E_MEMORY, "a handshake cannot be begun");
    SSL_set_app_data(ssl, &one);
    SSL_set_info_callback(ssl, on_step);
    while (step(ssl, fd, deadline_us, &one))
        continue;
    forget_openssl_errors();
    if (seen->n > 0) {
        tell(seen, PEER_SEEN, "");
        tell_names(ssl, seen);
    }
    *ret = *seen;
    return OK;
}
