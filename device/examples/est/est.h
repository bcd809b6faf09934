// Enrolment over EST (RFC 7030) from a device without an operating system: an example.
//
// TLS 1.2 by mbedTLS 2.28, the request and the answer by wire/. Nothing here allocates; mbedTLS
// does (on small devices from a static pool: m3/main.c). The caller brings three things: a byte
// stream to the server, entropy, and what was provisioned at manufacture.
//
// Checked: the server's chain up to the provisioned anchor and its name; that the answer is one
// certificate over the device's own key. NOT checked: certificate dates (a device without a clock
// has no time to compare with; with MBEDTLS_HAVE_TIME_DATE mbedTLS does it), revocation of the
// server.
#pragma once

#include <wire/bytes.h>

#include <mbedtls/pk.h>

#define EST_CERTIFICATE_MAX 2048 // octets of a certificate that the device keeps
#define EST_ANSWER_MAX 6144      // octets of an HTTP answer, head included

// A stream of bytes to the server. Both return octets done, or below 0 for a lost connection.
struct est_link {
    void *ctx;
    int (*send)(void *ctx, const unsigned char *from, size_t n);
    int (*receive)(void *ctx, unsigned char *to, size_t n);
};

struct est_device {
    struct est_link link;
    int (*entropy)(void *ctx, unsigned char *to, size_t n); // 0 = given; for mbedTLS's DRBG
    void *entropy_ctx;

    // Provisioned at manufacture.
    const char *server_name; // as the server's certificate has it
    struct bytes anchor;     // the root, DER: nothing is sent to whom it does not vouch for
    const char *product;     // EST label
    const char *serial_number;
    const char *token; // base64("serial:token") for HTTP Basic; NULL: the key itself is registered
};

// Zero refuses.
enum est_outcome {
    EST_FAILED = 0, // connection, TLS, or an answer that breaks a rule: `why` says which
    EST_REFUSED,    // the server said no: `status` has its HTTP status
    EST_WAIT,       // 202 or 503: again after `retry_after_s`, same key, same request
    EST_ISSUED,
};

struct est_answer {
    int status;
    uint32_t retry_after_s;
    const char *why; // static text
    size_t certificate_n;
    uint8_t certificate[EST_CERTIFICATE_MAX];
};

// One P-256 key, made once and kept: the request is repeated with the same one. 0 = made.
int est_make_key(const struct est_device *device, mbedtls_pk_context *ret_key);

// simpleenroll for the key. On EST_ISSUED the answer has the certificate, DER.
enum est_outcome est_enrol(const struct est_device *device, mbedtls_pk_context *key,
                           struct est_answer *answer);

// The first use of the certificate, which makes it the device's current one: cacerts over mutual
// TLS. `certificate` is that of the answer before. EST_ISSUED: used, status 200.
enum est_outcome est_use(const struct est_device *device, mbedtls_pk_context *key,
                         struct bytes certificate, struct est_answer *answer);
