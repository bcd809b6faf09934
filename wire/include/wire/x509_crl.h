// Certificate revocation lists, version 2: RFC 5280 section 5. Direct ones, complete and delta.
#pragma once

#include <wire/x509.h>

// CRLReason of RFC 5280 5.3.1; unspecified (0) is written by leaving the extension out.
enum x509_reason {
    X509_REASON_UNSPECIFIED = 0,
    X509_REASON_KEY_COMPROMISE = 1,
    X509_REASON_CA_COMPROMISE = 2,
    X509_REASON_AFFILIATION_CHANGED = 3,
    X509_REASON_SUPERSEDED = 4,
    X509_REASON_CESSATION = 5,
    X509_REASON_HOLD = 6,
    X509_REASON_REMOVE = 8, // removeFromCRL: in delta CRLs alone
    X509_REASON_PRIVILEGE_WITHDRAWN = 9,
};

struct x509_crl_fields {
    enum x509_sig_alg sig_alg;
    struct bytes issuer; // Name, header included
    int64_t this_update_s;
    int64_t next_update_s;
    struct bytes aki;          // key identifier of the issuer
    uint64_t number;           // CRLNumber
    struct bytes idp_uri;      // full name in a critical IssuingDistributionPoint
    bool only_user;            // onlyContainsUserCerts
    bool only_ca;              // onlyContainsCACerts; both are false for all kinds
    struct bytes freshest_uri; // of its delta CRL (5.2.6); empty: none, as in a delta CRL itself
    bool is_delta;             // 5.2.4: it says what changed since the complete CRL
    uint64_t base;             // of this number
};

struct x509_crl_entry {
    struct bytes serial; // magnitude
    int64_t revoked_s;
    enum x509_reason reason;
};

// TBSCertList written as a stream: begin, entries in any order without repetition, end. Without
// entries revokedCertificates is absent (5.1.2.6); without idp_uri the IDP is absent. `fields` and
// what it points to must live until end. Errors are sticky in the buffer.
struct x509_crl_writer {
    struct buf *b;
    const struct x509_crl_fields *fields;
    size_t tbs;
    size_t list;
    bool has_entries;
};
struct x509_crl_writer x509_crl_begin(struct buf *b, const struct x509_crl_fields *fields);
void x509_crl_put(struct x509_crl_writer *w, const struct x509_crl_entry *entry);
void x509_crl_end(struct x509_crl_writer *w);

struct x509_crl {
    struct bytes whole;
    struct bytes tbs;
    struct bytes issuer;
    int64_t this_update_s;
    int64_t next_update_s; // required here, as RFC 5280 5.1.2.5 wants it
    struct bytes aki;
    struct bytes number; // CRLNumber, magnitude, required
    bool has_idp;
    struct bytes idp_uri; // empty without one
    bool only_user;
    bool only_ca;
    struct bytes freshest_uri; // empty without one
    bool is_delta;
    struct bytes base;    // BaseCRLNumber, magnitude; of a delta CRL
    struct bytes entries; // content of revokedCertificates; every entry in it is well-formed
    size_t entries_n;
    enum x509_sig_alg sig_alg;
    struct bytes signature;
};

// Refuses indirect, partial-reason and attribute CRLs and every unknown critical extension.
// Contract as in x509.h. Not checked: that no serial occurs twice.
bool x509_read_crl(struct bytes der, struct x509_crl *ret, const char **ret_why) WIRE_MUST_USE;

// CRLNumber as a number; 0 for one of more than eight octets, which none of ours has.
uint64_t x509_crl_number(const struct x509_crl *crl);
uint64_t x509_crl_base(const struct x509_crl *crl); // the same of BaseCRLNumber

// Walks x509_crl.entries: start with reader_of(crl.entries), end with reader_end.
bool x509_crl_next(struct reader *walk, struct x509_crl_entry *ret);
