// Writing X.509: SPKI, requests, certificates, extension values.
//
// Everything is appended to a buffer whose failure is sticky: ask buf_ok() once. Fields are trusted
// to be what they claim (raw DER is copied, not parsed); the reader in x509.h is the check.
#pragma once

#include <wire/x509.h>
#include <wire/x509_name.h>

// SubjectPublicKeyInfo of a key by its fields; X509_KEY_OTHER fails, and a point that is not of its
// curve's length and form.
void x509_write_spki(struct buf *b, const struct x509_key *key);

// AlgorithmIdentifier of a signature; X509_SIG_OTHER fails.
void x509_write_sig_alg(struct buf *b, enum x509_sig_alg alg);

// CertificationRequestInfo, v1. `attributes` is the content of [0], empty for none.
struct x509_csr_fields {
    const struct x509_name_part *subject;
    size_t subject_n;
    struct bytes spki; // header included
    struct bytes attributes;
};
void x509_write_csr_info(struct buf *b, const struct x509_csr_fields *csr);

// The attribute extensionRequest around an Extensions value (header included), for `attributes`.
void x509_write_extension_request(struct buf *b, struct bytes extensions);

// SEQUENCE { info, AlgorithmIdentifier, BIT STRING }: a request, a certificate or a CRL.
// `signature` is as DER carries it (for ECDSA see x509_ecdsa_to_der).
void x509_write_signed(struct buf *b, struct bytes info, enum x509_sig_alg alg,
                       struct bytes signature);

// Extensions, header included; n must not be 0.
void x509_write_extensions(struct buf *b, const struct x509_extension *list, size_t n);

// TBSCertificate, version 3, extensions in the order given.
struct x509_tbs_fields {
    struct bytes serial; // magnitude
    enum x509_sig_alg sig_alg;
    struct bytes issuer; // Name, header included
    int64_t not_before_s;
    int64_t not_after_s; // DER_TIME_NO_EXPIRY for IDevIDs: IEEE 802.1AR 8.7
    struct bytes subject;
    struct bytes spki;
    const struct x509_extension *extensions;
    size_t extensions_n;
};
void x509_write_tbs(struct buf *b, const struct x509_tbs_fields *tbs);

// Extension values: RFC 5280 4.2.
void x509_write_basic_constraints(struct buf *b, bool is_ca, int path_len); // -1: no limit
void x509_write_key_usage(struct buf *b, uint16_t bits);                    // X509_KU_*
void x509_write_eku(struct buf *b, const struct bytes *oids, size_t n);
void x509_write_ski(struct buf *b, struct bytes key_id);
void x509_write_aki(struct buf *b, struct bytes key_id);
void x509_write_crldp(struct buf *b, struct bytes uri); // one point with one full name
void x509_write_aia(struct buf *b, struct bytes ca_issuers_uri, struct bytes ocsp_uri); // or empty
// SAN is x509_write_general_names.
