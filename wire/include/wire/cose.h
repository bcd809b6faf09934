// COSE_Sign1 with one signer of ES256: RFC 9052 4.2 and 4.4, RFC 9053 2.1.
//
// Tag 18 over an array of: protected header {1: -7, 16: type} as a byte string, unprotected header
// {4: key id}, payload as a byte string, signature (r || s, 64 octets). Deterministic CBOR
// (RFC 8949 4.2.1), and nothing beside it: another algorithm, a detached payload, a critical or an
// unknown header parameter is refused.
// NOT checked: the signature, for which there is no crypto here. cose_signed_octets() gives what it
// is over.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>

#define COSE_SIGNATURE_N 64
#define COSE_TYPE_MAX 64        // octets of the type (RFC 9596), which is text
#define COSE_KEY_ID_MAX 32      // octets
#define COSE_SIGN1_OVERHEAD 256 // octets that a COSE_Sign1 has at most beside its payload
#define COSE_KEY_ID_N 8

struct cose_sign1 {
    struct bytes type;
    struct bytes key_id;
    struct bytes payload;
    struct bytes signature;
};

// The bytes point into `octets`. On refusal false, *ret_why names the rule.
bool cose_sign1_read(struct bytes octets, struct cose_sign1 *ret,
                     const char **ret_why) WIRE_MUST_USE;

// Appends what is signed (Sig_structure, RFC 9052 4.4, no external data) up to the octets of the
// payload, which end it: a hash goes on with them where they lie.
#define COSE_SIGNED_HEAD_MAX 128
void cose_signed_head(struct buf *b, const struct cose_sign1 *message);

// Fails the buffer for a type or key id that is too long and for a signature that is not 64 octets.
void cose_sign1_write(struct buf *b, const struct cose_sign1 *message);
