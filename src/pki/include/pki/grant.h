/* A grant: everything that decides what a certificate says; and the TBSCertificate made from it,
 * always the same octets from the same grant. */
#ifndef PKI_GRANT_H
#define PKI_GRANT_H

#include <base/err.h>
#include <base/limits.h>
#include <pki/profile.h>
#include <wire/buf.h>
#include <wire/x509.h>

#define TBS_MAX                                                                                    \
    4096 /* octets of a TBSCertificate that we build: 8 server names are the longest               \
          */

struct grant {
    enum pki_profile profile;
    uint32_t issuer; /* its number: pki/profile.h */
    struct bytes product;
    struct bytes owner;   /* of an LDevID's device; empty: none */
    struct bytes hw_type; /* dotted decimal text, "1.3.6.1.4.1.99999.1"; empty: none */
    struct bytes serial_number;
    struct bytes common_name;
    struct bytes serial; /* SERIAL_N octets: pki/serial.h */
    int64_t not_before_s, not_after_s;
    struct bytes spki; /* DER with header, the one thing that comes from the request */
};

/* What a grant's certificate takes from its issuer, read from the issuer's certificate once.
 * Borrows from that certificate. */
struct pki_issuer {
    uint32_t id;
    enum pki_issuer_kind kind;
    struct bytes name; /* subject, DER with header */
    struct bytes ski;
    enum x509_sig_alg sig_alg; /* what its key signs with */
    int64_t not_before_s, not_after_s;
};

/* What it takes from the configuration. Borrowed. */
struct pki_site {
    struct bytes url;          /* base of CRLDP and AIA, no slash at its end */
    const struct bytes *names; /* DNS names and IP literals of the listeners */
    size_t names_n;
};

/* Reads an issuer's certificate; E_CERTIFICATE when it is not one that may issue, or its number or
 * kind is none. */
MUST_USE enum result pki_issuer_read(uint32_t id, enum pki_issuer_kind kind,
                                     struct bytes certificate, struct pki_issuer *ret,
                                     struct err *err);

/* Appends the TBSCertificate to `b` (room of TBS_MAX suffices). Refused with E_PROFILE: an issuer
 * that the profile does not name; facts that the subject rule needs and the grant lacks, or that
 * the rule does not know; validity empty, beyond the profile's or beyond the issuer's; a serial
 * that is not ours or whose class is not that of notAfter; a kind of key that is not the
 * profile's. Not checked: the key's quality. `b` is worthless then. */
MUST_USE enum result grant_build_tbs(const struct grant *grant, const struct pki_issuer *issuer,
                                     const struct pki_site *site, struct buf *b, struct err *err);

/* The longest notAfter that profile and issuer allow from `not_before_s` on, at most `wanted_s`
 * seconds of validity (0: as long as allowed, which may be no expiry). */
int64_t grant_not_after(enum pki_profile profile, const struct pki_issuer *issuer,
                        int64_t not_before_s, int64_t wanted_s);

/* May this be a device's serial number in a subject? 1-64 octets of PrintableString. */
bool is_serial_number(struct bytes text);

/* Is it an object identifier in dotted decimal with at most LIMIT_NAME octets? */
bool is_hw_type(struct bytes text);

#endif
