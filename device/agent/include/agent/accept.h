/* May this certificate become our identity? */
#ifndef AGENT_ACCEPT_H
#define AGENT_ACCEPT_H

#include <base/blob.h>
#include <base/err.h>
#include <wire/x509.h>

struct acceptance {
    struct bytes root;    /* the pinned anchor, DER */
    struct bytes cacerts; /* PKCS #7 of /cacerts: where intermediates come from */
    struct bytes spki;    /* of the key that the request was made with */
    int64_t now_s;        /* the device's clock */
    int64_t floor_s;      /* newest instant that an accepted certificate proved; 0: none */
    int64_t build_s;      /* when this program was built */
};

/* Checks that the certificate carries our key, that its chain ends at the pinned anchor (every
 * signature, names, CA flags, clientAuth), that it is valid at max(now, floor, build), and that it
 * does not begin before what was accepted earlier: an old certificate, sent again. A clock up to
 * 5 minutes behind the issuer's is forgiven. `ret_pem` is the certificate followed by its issuers
 * without the root. E_CERTIFICATE, E_SIGNATURE, E_PROOF.
 * Not checked: revocation; that is the server's to say at the next request. */
MUST_USE enum result accept_certificate(const struct acceptance *terms, struct bytes certificate,
                                        struct blob *ret_pem, struct err *err);

#endif
