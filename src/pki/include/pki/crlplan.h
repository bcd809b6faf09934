/* CRLs: which certificate belongs into which, when one is due, and how one is built. RFC 5280
 * section 5. A CRL is complete for its shard, and never has another name than the certificates of
 * the shard carry in CRLDP from the first day on. */
#ifndef PKI_CRLPLAN_H
#define PKI_CRLPLAN_H

#include <pki/grant.h>
#include <pki/serial.h>
#include <wire/x509_crl.h>

#define CRL_WINDOW_S (7 * 86400) /* thisUpdate to nextUpdate */
#define CRL_REFRESH_S                                                                              \
    (CRL_WINDOW_S / 2)           /* signed again at this age: before half its window ends          \
                                  */
#define CRL_DELTA_WINDOW_S 86400 /* the same of a delta CRL, which is fetched more often; */
#define CRL_DELTA_REFRESH_S (CRL_DELTA_WINDOW_S / 2) /* the two are signed together at this age */
#define CRL_COALESCE_S 1                             /* a change is in a CRL after at most that */
#define CRL_NAME_MAX 48                              /* "ISSUER-CLASS-PART-delta.crl" and a NUL */
#define CRL_URL_MAX 320                              /* octets */

struct crl_shard {
    uint32_t issuer;
    uint8_t expiry_class;
    uint32_t part;
};

bool crl_shard_is(struct crl_shard a, struct crl_shard b);

/* The shard of a serial of ours; false for a serial that is not. */
bool crl_shard_of(uint32_t issuer, struct bytes serial, struct crl_shard *ret) WIRE_MUST_USE;

/* "ISSUER-CLASS-PART.crl": the file below public/crl, and the end of its URL. */
struct crl_name {
    char text[CRL_NAME_MAX];
};
struct crl_name crl_file_name(struct crl_shard shard);
/* "ISSUER-CLASS-PART-delta.crl", which is what changed since a base: RFC 5280 5.2.4. */
struct crl_name crl_delta_name(struct crl_shard shard);

/* URL/crl/ISSUER-CLASS-PART.crl, URL/ca/ISSUER.cer and URL/ocsp, appended. */
void crl_url(struct buf *b, struct bytes url, struct crl_shard shard);
void crl_delta_url(struct buf *b, struct bytes url, struct crl_shard shard);
void ca_url(struct buf *b, struct bytes url, uint32_t issuer);
void ocsp_url(struct buf *b, struct bytes url);

/* When the shard must be signed next. `changed_s` is the first change that is not in the last CRL
 * (0: none), `this_update_s` the last CRL's (0: there is none yet, which is due at once). */
int64_t crl_due_s(int64_t changed_s, int64_t this_update_s);

/* Revoked certificates of one shard, in any order without repetition: false at the end. */
struct crl_source {
    bool (*next)(void *context, struct x509_crl_entry *ret);
    void *context;
};

struct crl_plan {
    struct crl_shard shard;
    uint64_t number; /* CRLNumber: greater than any before in this issuer's shard */
    int64_t this_update_s;
    bool is_delta; /* against the shard's complete CRL of the number `base` */
    uint64_t base;
};

/* Appends the TBSCertList, nextUpdate CRL_WINDOW_S (CRL_DELTA_WINDOW_S) later (but not beyond the
 * issuer's end). E_TOO_LARGE when `b` is full. An entry is left out by the caller after one CRL
 * beyond its notAfter: RFC 5280 3.3. */
MUST_USE enum result crl_build_tbs(const struct crl_plan *plan, const struct pki_issuer *issuer,
                                   struct bytes url, const struct crl_source *source, struct buf *b,
                                   struct err *err);

#endif
