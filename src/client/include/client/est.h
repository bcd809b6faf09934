/* The device's side of EST (RFC 7030, RFC 8951). */
#ifndef CLIENT_EST_H
#define CLIENT_EST_H

#include <base/limits.h>
#include <client/http.h>

/* The CA certificates of /cacerts (RFC 7030 4.1.3) as one PKCS #7; read with pkcs7_read_certs().
 * `label` may be NULL. What an unverified client fetched is a claim until its root was compared. */
MUST_USE enum result est_get_cacerts(struct client *client, const char *label, struct blob *ret,
                                     struct err *err);

/* The same kind of answer at another path of the server's: "/boundary/cacerts" has who issues to
 * boundaries. */
MUST_USE enum result est_get_bag(struct client *client, const char *path, struct blob *ret,
                                 struct err *err);

/* What the server wants to see in a request (RFC 7030 4.5.2): CsrAttrs, to be read with
 * csrattrs_read(). Empty when it has no wish (204, 404). */
MUST_USE enum result est_get_csrattrs(struct client *client, const char *label, struct blob *ret,
                                      struct err *err);

struct est_enrolment {
    const char *label;    /* selects the product; NULL: none */
    bool is_renewal;      /* simplereenroll (4.2.2), else simpleenroll */
    struct bytes csr;     /* DER */
    const char *user;     /* HTTP Basic: device serial number; NULL: none */
    const char *password; /* the token */
};

/* What the server asks for beside its answer; 0: nothing. */
struct est_advice {
    uint32_t retry_after_s; /* with R_WAIT (202) and R_BUSY (503) */
    int64_t renew_at_s;     /* with the certificate: its header Renew-At */
};

/* Sends the request once. OK: *ret is the one certificate issued, DER, not verified here.
 * Anything that is not 200 comes through api_error(). */
MUST_USE enum result est_enrol(struct client *client, const struct est_enrolment *enrolment,
                               struct blob *ret, struct est_advice *ret_advice, struct err *err);

#endif
