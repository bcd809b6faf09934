// Parts that certificates, requests and CRLs have in common. Each function reads one part of a DER
// structure from a sticky reader; false means that the reader failed.
#pragma once

#include <wire/x509.h>
#include <wire/x509_name.h>

// Name, header included; every attribute in it is checked.
bool x509_read_name(struct reader *r, struct bytes *ret_name);

// GeneralNames value with its header: every name is checked, at least one is there.
bool x509_check_general_names(struct reader *r, struct bytes names);

// One string of the types that a name may carry, checked against its alphabet.
bool x509_read_text(struct reader *r, uint8_t *ret_tag, struct bytes *ret_text);

// AlgorithmIdentifier of a signature, known and raw; and the parameters of an algorithm that we do
// not know: none, or any one value.
bool x509_read_sig_alg(struct reader *r, enum x509_sig_alg *ret, struct bytes *ret_raw);
bool x509_read_unknown_parameters(struct reader *algorithm);

// CertificateSerialNumber: positive, at most 20 octets.
bool x509_read_serial(struct reader *r, struct bytes *ret_serial);

// One single-valued RDN: as x509_write_name.
void x509_write_rdn(struct buf *b, const struct x509_name_part *part);

// AlgorithmIdentifier of a key; X509_KEY_OTHER fails the buffer, and is what an unknown one is read
// as.
bool x509_read_key_alg(struct reader *r, enum x509_key_alg *ret);
void x509_write_key_alg(struct buf *b, enum x509_key_alg alg);

// BIT STRING around RSAPublicKey: RFC 8017 A.1.1.
void x509_write_rsa_key(struct buf *b, struct bytes modulus, struct bytes exponent);

// SubjectPublicKeyInfo: the key and the raw bytes.
bool x509_read_key(struct reader *r, struct x509_key *ret_key, struct bytes *ret_spki);

// SEQUENCE { info, AlgorithmIdentifier, BIT STRING } and nothing after it. `info` is walked by
// whoever knows its type.
struct x509_signed {
    struct bytes whole;
    struct bytes info; // header included
    struct reader inside;
    enum x509_sig_alg sig_alg;
    struct bytes sig_alg_raw;
    struct bytes signature;
};
bool x509_read_signed(struct reader *r, struct x509_signed *ret);

// Goes through Extensions (content, without header): each is handed to `take`, none may occur
// twice.
struct x509_extension_sink {
    bool (*take)(struct x509_extension_sink *sink, struct reader *r,
                 const struct x509_extension *extension);
};
bool x509_each_extension(struct reader *list, struct x509_extension_sink *sink);

// [3] of a TBSCertificate, if it is there, into the fields of `cert`.
bool x509_read_cert_extensions(struct reader *tbs, struct x509_cert *cert);

// AuthorityKeyIdentifier: keyIdentifier, empty without one; issuer and serial are passed over.
bool x509_read_aki(struct reader *value, struct bytes *ret_key_id);

// DistributionPointName [0] with fullName [0] of one URI: in a CRLDP and in an IDP.
void x509_write_point_name(struct buf *b, struct bytes uri);
bool x509_read_point_name(struct reader *point, struct bytes *ret_uri);
