// Reading X.509: keys, certification requests (RFC 2986) and certificates (RFC 5280).
//
// Every struct bytes points into the input, which the caller keeps alive. On refusal the functions
// return false, leave *ret untouched and set *ret_why to a static text that names the rule.
// NOT checked here: any signature, whether a point lies on its curve, key quality, validity against
// a clock, chains, names against policy.
#pragma once

#include <wire/der.h>

#define X509_SERIAL_MAX 20     // octets of the INTEGER: RFC 5280 4.1.2.2
#define X509_EXTENSIONS_MAX 32 // per certificate: more is no certificate of ours or of a device
#define X509_P256_POINT_N 65   // 04 || x || y: RFC 5480 2.2
#define X509_P384_POINT_N 97
#define X509_ED25519_N 32 // RFC 8410 4

enum x509_key_alg {
    X509_KEY_OTHER, // well-formed, but nothing that this reader knows
    X509_KEY_P256,
    X509_KEY_P384,
    X509_KEY_ED25519,
    X509_KEY_RSA,
};

enum x509_sig_alg {
    X509_SIG_OTHER,
    X509_SIG_ECDSA_SHA256,
    X509_SIG_ECDSA_SHA384,
    X509_SIG_ECDSA_SHA512,
    X509_SIG_ED25519,
    X509_SIG_RSA_SHA256, // PKCS #1 v1.5, all three
    X509_SIG_RSA_SHA384,
    X509_SIG_RSA_SHA512,
    X509_SIG_SHA1, // this and MD5, with any key: named, never verified, never written
    X509_SIG_MD5,
};

struct x509_key {
    enum x509_key_alg alg;
    struct bytes point;    // EC: 04 || x || y; Ed25519: the 32 octets
    struct bytes modulus;  // RSA, without sign octet
    struct bytes exponent; // RSA
};

// A request. Its version is always v1 (0): another one is refused.
struct x509_csr {
    struct bytes whole;
    struct bytes info;    // what is signed, header included
    struct bytes subject; // Name, header included; may be an empty sequence
    struct bytes spki;    // SubjectPublicKeyInfo, header included
    struct x509_key key;
    struct bytes attributes; // content of [0]
    struct bytes extensions; // Extensions of extensionRequest, header included; empty without one
    bool has_challenge;
    struct bytes challenge; // challengePassword: a secret
    enum x509_sig_alg sig_alg;
    struct bytes signature;
};

// Bits of x509_cert.has and .critical.
enum {
    X509_EXT_BASIC_CONSTRAINTS = 1 << 0,
    X509_EXT_KEY_USAGE = 1 << 1,
    X509_EXT_EKU = 1 << 2,
    X509_EXT_SAN = 1 << 3,
    X509_EXT_SKI = 1 << 4,
    X509_EXT_AKI = 1 << 5,
    X509_EXT_CRLDP = 1 << 6,
    X509_EXT_AIA = 1 << 7,
    X509_EXT_NAME_CONSTRAINTS = 1 << 8,
    X509_EXT_OCSP_NO_CHECK = 1 << 9,
};

// Key usage, bit n of RFC 5280 4.2.1.3 as 1 << n.
enum {
    X509_KU_DIGITAL_SIGNATURE = 1 << 0,
    X509_KU_CONTENT_COMMITMENT = 1 << 1,
    X509_KU_KEY_ENCIPHERMENT = 1 << 2,
    X509_KU_DATA_ENCIPHERMENT = 1 << 3,
    X509_KU_KEY_AGREEMENT = 1 << 4,
    X509_KU_KEY_CERT_SIGN = 1 << 5,
    X509_KU_CRL_SIGN = 1 << 6,
};

enum {
    X509_EKU_ANY = 1 << 0,
    X509_EKU_SERVER_AUTH = 1 << 1,
    X509_EKU_CLIENT_AUTH = 1 << 2,
    X509_EKU_CMC_RA = 1 << 3,
    X509_EKU_OCSP_SIGNING = 1 << 4,
    X509_EKU_OTHER = 1 << 5,
};

// A version 3 certificate. Fields of an absent extension (see `has`) are zero.
struct x509_cert {
    struct bytes whole;
    struct bytes tbs;     // what is signed, header included
    struct bytes serial;  // magnitude: 1 to 20 octets, no leading zero
    struct bytes issuer;  // Name, header included, never an empty sequence
    struct bytes subject; // Name, header included
    struct bytes spki;
    struct x509_key key;
    int64_t not_before_s;
    int64_t not_after_s;
    struct bytes extensions; // content of Extensions
    uint16_t has;            // X509_EXT_* that are present
    uint16_t critical;       // X509_EXT_* that are marked critical
    // A critical extension unknown here, or critical name constraints: a verifier refuses.
    bool unknown_critical;
    bool is_ca;
    int path_len; // -1 without a limit
    uint16_t key_usage;
    uint16_t eku;         // X509_EKU_*
    struct bytes eku_raw; // this and the rest: extension values, header included
    struct bytes san;     // every name in it is well-formed: x509_name.h walks it
    struct bytes ski;     // key identifier without header
    struct bytes aki;     // keyIdentifier without header; may be empty
    struct bytes crldp;
    struct bytes aia;
    struct bytes name_constraints;
    enum x509_sig_alg sig_alg;
    struct bytes signature;
};

bool x509_read_csr(struct bytes der, struct x509_csr *ret, const char **ret_why) WIRE_MUST_USE;
bool x509_read_cert(struct bytes der, struct x509_cert *ret, const char **ret_why) WIRE_MUST_USE;

struct x509_extension {
    struct bytes oid;
    bool critical;
    struct bytes value; // what stands in the OCTET STRING
};

// Walks an Extensions value given with its header (x509_csr.extensions); ends with reader_end.
struct reader x509_extensions(struct bytes extensions);
bool x509_extension_next(struct reader *walk, struct x509_extension *ret);

// What a key of that kind signs with here: the hash of its curve's size, SHA-256 for RSA.
enum x509_sig_alg x509_sig_alg_of(enum x509_key_alg key);

// A SubjectPublicKeyInfo alone.
bool x509_read_spki(struct bytes der, struct x509_key *ret, const char **ret_why) WIRE_MUST_USE;

// ECDSA-Sig-Value (RFC 3279 2.2.3) to r || s of 2 * field_n octets (32 for P-256, 48 for P-384) and
// back. Not checked: that r and s lie below the order; zero is refused.
bool x509_ecdsa_to_raw(struct bytes der, size_t field_n, uint8_t *ret_raw) WIRE_MUST_USE;
void x509_ecdsa_to_der(struct buf *b, struct bytes raw);
