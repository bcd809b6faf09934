/* Enrolment over Secure Transport, RFC 7030 with RFC 8951: between HTTP and structs. Pure: nothing
 * here knows an HTTP library, verifies a signature or decides. */
#ifndef PROTO_EST_H
#define PROTO_EST_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/buf.h>
#include <wire/csrattrs.h>
#include <wire/x509.h>

#define EST_MEDIA_CSR "application/pkcs10"
#define EST_MEDIA_CSRATTRS "application/csrattrs"
#define EST_MEDIA_CERTS "application/pkcs7-mime"
#define EST_MEDIA_CERTS_ONLY "application/pkcs7-mime; smime-type=certs-only"

/* HTTP Basic (RFC 7617) as a device sends it: user = its serial number, password = the token. */
struct est_basic {
    uint8_t user[LIMIT_SERIAL_NUMBER];
    uint8_t token[LIMIT_TOKEN]; /* a secret: est_basic_wipe */
    size_t user_n, token_n;
};

/* Reads the value of an Authorization header. E_PROOF when it is another scheme, when the base64 is
 * not canonical, without a colon, with a control character, with an empty or too long part. The
 * text never has the token in it. `ret` is then wiped. */
MUST_USE enum result est_read_basic(const char *value, struct est_basic *ret, struct err *err);
void est_basic_wipe(struct est_basic *basic);

/* A certification request as it came. */
struct est_request {
    struct bytes csr;           /* DER; in the caller's space */
    struct bytes spki;          /* in csr */
    struct bytes serial_number; /* subject's serialNumber; empty without exactly one */
    struct bytes subject;       /* Name, header included */
    struct bytes san;           /* subjectAltName value asked for; empty without one */
};

/* Reads the body of simpleenroll and simplereenroll: base64 in which white space may stand anywhere
 * (RFC 8951 3.1; Content-Transfer-Encoding is never looked at), of one PKCS #10 request. `space`
 * takes the DER: LIMIT_CSR_BYTES at least. E_SYNTAX (not base64), E_TOO_LARGE, E_CSR. NOT checked:
 * the signature, the key, what the request asks for. */
MUST_USE enum result est_read_request(struct bytes body, struct buf *space, struct est_request *ret,
                                      struct err *err);

/* Do subject and subjectAltName of the request equal those of `certificate` (DER)? RFC 7030 4.2.2;
 * binary, an absent subjectAltName equals an absent one only. False also for what does not parse.
 */
bool est_keeps_names(const struct est_request *request, struct bytes certificate);

/* Writes a certs-only PKCS #7 as one unbroken line of base64 (strongSwan takes no other). `space`
 * is for the DER between. The result is in `out`; ask buf_ok(out). */
void est_write_certs(struct buf *out, struct buf *space, const struct bytes *certs, size_t n);

/* The body of csrattrs as one line of base64; as est_write_certs. EST_CSRATTRS_SPACE suffices. */
void est_write_csrattrs(struct buf *out, struct buf *space, const struct csrattrs *wish);
#define EST_CSRATTRS_SPACE 1024

/* Room that est_write_certs needs in `space` for certificates of `total` octets. */
#define EST_CERTS_SPACE(total) ((total) + 128)

#endif
