/* What a proxy says in the head of its question: whom it has before it, and what he wants.
 *
 * nginx gives the words of its own verification; Caddy the certificate. A header of ours that
 * comes twice, or that there is none of, refuses the whole: a proxy that lets its client's headers
 * through is found out. Others are the proxy's own affair. */
#ifndef GATE_HEAD_H
#define GATE_HEAD_H

#include <base/err.h>
#include <wire/bytes.h>

#define GATE_VALUE_MAX 8192 /* octets of one value: a certificate in base64 or escaped PEM */

/* Values point into the request; absent ones are empty. */
struct gate_head {
    struct bytes verify;  /* X-Troth-Verify: nginx's $ssl_client_verify */
    struct bytes issuer;  /* X-Troth-Issuer: $ssl_client_i_dn */
    struct bytes subject; /* X-Troth-Subject: $ssl_client_s_dn */
    struct bytes serial;  /* X-Troth-Serial: $ssl_client_serial */
    struct bytes until;   /* X-Troth-Until: $ssl_client_v_end */
    struct bytes pem;     /* X-Troth-Pem: $ssl_client_escaped_cert, instead of these */
    struct bytes der;     /* X-Troth-Der: the certificate in base64, instead of these */
    struct bytes service; /* X-Troth-Service: of the proxy's configuration */
    struct bytes path;    /* X-Troth-Path: $request_uri */
};

/* Takes one header. E_SYNTAX: it stands twice, is too long, or begins with X-Troth- and is none of
 * the above. */
MUST_USE enum result gate_head_put(struct gate_head *head, struct bytes name, struct bytes value,
                                   struct err *err);

/* E_SYNTAX unless service and path are there, and at most one of certificate and the words of a
 * verification. */
MUST_USE enum result gate_head_check(const struct gate_head *head, struct err *err);

#endif
