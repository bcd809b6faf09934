/* OCSP: how requests call our issuers, how long an answer is good, and what core says to the signer
 * about each certificate. RFC 6960. */
#ifndef PKI_OCSP_H
#define PKI_OCSP_H

#include <base/err.h>
#include <crypto/hash.h>
#include <wire/ocsp.h>

#define OCSP_WINDOW_S 3600                 /* thisUpdate to nextUpdate */
#define OCSP_REFRESH_S (OCSP_WINDOW_S / 2) /* a kept answer is made anew at this age */
#define OCSP_DELEGATE_S (7 * 86400) /* life of a responder's certificate; renewed at half of it */

/* An issuer as a CertID calls it (4.1.1): hashes of its Name and of its key's bits. */
struct ocsp_issuer {
    uint8_t name_sha1[SHA1_N], key_sha1[SHA1_N];
    uint8_t name_sha256[SHA256_N], key_sha256[SHA256_N];
};

/* By its certificate. E_CERTIFICATE. */
MUST_USE enum result ocsp_issuer_read(struct bytes certificate, struct ocsp_issuer *ret,
                                      struct err *err);
/* How an answer calls who signed it: SHA-1 of its key's bits (4.2.2.3). */
void ocsp_responder_hash(struct bytes spki, uint8_t ret[OCSP_RESPONDER_KEY_N]);
bool ocsp_issuer_is(const struct ocsp_issuer *issuer, const struct ocsp_id *id);

/* What core says of one certificate of a request; zero says nothing and is refused. */
enum ocsp_word {
    OCSP_SAYS_NOTHING = 0,
    OCSP_SAYS_GOOD,
    OCSP_SAYS_REVOKED,
    OCSP_SAYS_NEVER, /* its number was never given: RFC 6960 2.2, "revoked" since 1970 */
    OCSP_WORD_COUNT
};

struct ocsp_said {
    enum ocsp_word word;
    enum x509_reason reason; /* of what is revoked */
    int64_t revoked_s;
};

/* OCSP_SAID_N octets, between core and signer. */
void ocsp_said_write(struct buf *b, const struct ocsp_said *said);
/* False, and the reader fails, for what ocsp_said_write does not write. */
bool ocsp_said_read(struct reader *r, struct ocsp_said *ret);

#endif
