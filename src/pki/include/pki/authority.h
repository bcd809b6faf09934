/* Certificates of CAs: roots, the issuers below them, and what links an old root with a new one
 * (RFC 4210 4.4). Made at `trothd init` and `trothd issuer`, or checked when a root that exists
 * elsewhere made them. */
#ifndef PKI_AUTHORITY_H
#define PKI_AUTHORITY_H

#include <pki/crlplan.h>
#include <pki/grant.h>
#include <wire/x509_crl.h>

#define ROOT_VALIDITY_S (INT64_C(25) * 365 * 86400)
#define ISSUER_VALIDITY_S (INT64_C(10) * 365 * 86400)

/* One CA certificate to be. Serial: AUTHORITY_SERIAL_N octets, the first 01-7f. */
#define AUTHORITY_SERIAL_N 16
struct authority {
    enum pki_issuer_kind kind;
    struct bytes common_name;
    struct bytes subject; /* instead of common_name: DER of a name that a root has already */
    struct bytes serial;
    struct bytes spki; /* of any good key: pki/keyquality.h */
    int64_t not_before_s, not_after_s;
};

/* Appends the TBSCertificate. `parent` NULL: a self-signed root, no path length; else AKI, CRLDP
 * and AIA of the parent, which is a root, and path length 0. A root with a parent is a link: the
 * one root's key and name, certified by the other. E_PROFILE, E_KEY_WEAK. */
MUST_USE enum result authority_build_tbs(const struct authority *authority,
                                         const struct pki_issuer *parent, struct bytes url,
                                         struct buf *b, struct err *err);

/* May this certificate serve as our issuer of that kind below that root? CA, path length 0 or none,
 * keyCertSign and cRLSign, key identifiers, names chain, times within the root's; `spki` is
 * the key that we hold. The root's signature over it is verified. E_CERTIFICATE, E_SIGNATURE. */
MUST_USE enum result authority_check(struct bytes certificate, struct bytes root, struct bytes spki,
                                     int64_t now_s, struct err *err);

/* The root's CRLs are signed ahead, empty, while its key is at hand: number n (from 1) is
 * thisUpdate `first_s` + (n - 1) * ROOT_CRL_STEP_S and overlaps the next one by ROOT_CRL_OVERLAP_S.
 */
#define ROOT_CRL_STEP_S (INT64_C(180) * 86400)
#define ROOT_CRL_OVERLAP_S (INT64_C(30) * 86400)
#define ROOT_CRL_COUNT 21 /* the ten years of the issuers and some */
MUST_USE enum result root_crl_build_tbs(const struct pki_issuer *root, int64_t first_s,
                                        uint64_t number, struct buf *b, struct err *err);

/* "root-NUMBER.crl", and of a root that follows the first one "root-ROOT-NUMBER.crl": where such a
 * CRL lies below public/crl before its time. */
struct crl_name root_crl_file_name(uint32_t root, uint64_t number);

/* Which of them is to be published at `now_s`; 0 when all have ended or none has begun. */
uint64_t root_crl_number(int64_t first_s, int64_t now_s);

#endif
