// OCSP, RFC 6960 with the nonces of RFC 9654: the request is read, the response is written.
#pragma once

#include <wire/x509.h>
#include <wire/x509_crl.h>

#define OCSP_IDS_MAX 8          // certificates in one request; RFC 9919 3.1 asks for one
#define OCSP_ID_OCTETS_MAX 192  // of one CertID with SHA-512 and the longest serial number
#define OCSP_NONCE_LEAST 16     // octets of a nonce that is answered: RFC 9654 2.1
#define OCSP_NONCE_MOST 32      //
#define OCSP_NONCE_LONGEST 128  // a longer one, like an empty one, is malformed
#define OCSP_RESPONDER_KEY_N 20 // SHA-1 of the responder's key bits: RFC 6960 4.2.2.3

// Between processes: all CertIDs of a request, one behind the other; what is said of each
// (pki/ocsp.h); a response, which is a certificate and OCSP_IDS_MAX times 200 octets.
#define OCSP_IDS_OCTETS (OCSP_IDS_MAX * OCSP_ID_OCTETS_MAX)
#define OCSP_SAID_N 10
#define OCSP_SAID_OCTETS (OCSP_IDS_MAX * OCSP_SAID_N)
#define OCSP_RESPONSE_MAX 8192

// Of the whole response: RFC 6960 4.2.1. All but the first are answers without a signature.
enum ocsp_outcome {
    OCSP_SUCCESSFUL = 0,
    OCSP_MALFORMED = 1,
    OCSP_INTERNAL = 2,
    OCSP_TRY_LATER = 3,
    OCSP_UNAUTHORIZED = 6, // also for who is not ours: RFC 9919 3.2.3
};

enum ocsp_hash {
    OCSP_HASH_OTHER = 0,
    OCSP_HASH_SHA1,
    OCSP_HASH_SHA256,
};

struct ocsp_id {
    struct bytes whole; // CertID, header included: what the answer repeats
    enum ocsp_hash hash;
    struct bytes name_hash; // of the issuer's Name, and of its key's bits: of the hash's length
    struct bytes key_hash;
    struct bytes serial; // magnitude
};

struct ocsp_request {
    struct ocsp_id ids[OCSP_IDS_MAX];
    size_t ids_n;       // 1 or more
    struct bytes nonce; // empty: none, or one of a length that is not answered
};

// Contract as in x509.h. An optional signature is passed over, and so is who asks. Unknown
// extensions are refused where they are critical (4.4).
bool ocsp_read_request(struct bytes der, struct ocsp_request *ret,
                       const char **ret_why) WIRE_MUST_USE;

// One CertID; walks several that lie one behind the other.
bool ocsp_read_id(struct reader *r, struct ocsp_id *ret);

// One of these answers that say nothing about a certificate.
#define OCSP_FAILURE_N 5
void ocsp_write_failure(struct buf *b, enum ocsp_outcome outcome);

// What a response says of one certificate. There is no "unknown" here: who is not our issuer's gets
// OCSP_UNAUTHORIZED, and a serial number that nobody ever gave is revoked (2.2).
struct ocsp_single {
    struct bytes id; // CertID, header included
    bool is_revoked;
    int64_t revoked_s;
    enum x509_reason reason;
};

struct ocsp_data {
    const uint8_t *responder_key; // OCSP_RESPONDER_KEY_N octets
    int64_t produced_s;
    int64_t this_update_s;
    int64_t next_update_s;
    const struct ocsp_single *singles;
    size_t singles_n;
    struct bytes nonce;      // empty: none
    bool is_extended_revoke; // 4.4.8: one of them was never issued
};

// ResponseData, which is what is signed.
void ocsp_write_data(struct buf *b, const struct ocsp_data *data);

// OCSPResponse around a BasicOCSPResponse with the delegate's certificate.
struct ocsp_signed {
    struct bytes data;
    enum x509_sig_alg sig_alg;
    struct bytes signature; // as DER carries it
    struct bytes certificate;
};
void ocsp_write_response(struct buf *b, const struct ocsp_signed *response);
