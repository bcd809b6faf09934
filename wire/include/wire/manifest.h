// Writing what devices verify: SUIT envelopes (draft-ietf-suit-manifest-37) of one image, key sets,
// and detached COSE_Sign1 signatures over both. Deterministic CBOR (RFC 8949 4.2.1). Reading is the
// verifier's: <troth/suit.h>, <troth/keyset.h>.
#pragma once

#include <wire/buf.h>

#define MANIFEST_DIGEST_N 32
#define MANIFEST_ID_N 16
#define MANIFEST_SIGNERS_MAX 8

// One image for one component. Integrated where `uri` begins with "#": the envelope then has the
// payload under it.
struct manifest {
    uint32_t sequence;
    struct bytes vendor, class_id; // MANIFEST_ID_N octets each
    struct bytes component;        // encoded SUIT_Component_Identifier
    uint8_t digest[MANIFEST_DIGEST_N];
    uint32_t size;
    uint32_t counter;    // security counter, parameter -1
    bool has_formats;    // data formats that the image can read, parameter -2
    uint32_t formats[2]; // oldest, newest
    struct bytes uri;
};
void manifest_write(struct buf *b, const struct manifest *manifest);

// SUIT_Digest, which is what is signed. `digest` is SHA-256 over the manifest as a byte string, its
// head included: cbor_write_bytes_head() and the manifest.
void manifest_write_digest(struct buf *b, const uint8_t digest[MANIFEST_DIGEST_N]);

struct manifest_envelope {
    struct bytes digest; // as manifest_write_digest() made it
    const struct bytes *signatures;
    size_t n;
    struct bytes manifest;
    struct bytes payload_name, payload; // empty: none
};
void manifest_write_envelope(struct buf *b, const struct manifest_envelope *envelope);

// ---- detached signatures: RFC 9052 4.2, protected header {1: algorithm, ?16: type}
struct manifest_signer {
    int32_t algorithm; // IANA "COSE Algorithms"
    struct bytes type; // empty: none
};
// Appends what is signed: the Sig_structure with the payload.
void manifest_write_signed(struct buf *b, const struct manifest_signer *signer,
                           struct bytes payload);
void manifest_write_signature(struct buf *b, const struct manifest_signer *signer,
                              struct bytes signature);

// ---- one signature more, beside those that an envelope or a key set has
struct manifest_signed {
    bool is_envelope;
    size_t n;                  // signatures
    struct bytes payload;      // what they are over
    struct bytes signed_parts; // as they stand in the array: payload and signatures
    size_t members;            // of an envelope, and what stands behind its first one
    struct bytes rest;
};
// Points into `object`. On refusal false, *ret_why names the rule. NOT checked: signatures, what
// follows an envelope's first member, what is signed.
bool manifest_read_signed(struct bytes object, struct manifest_signed *ret,
                          const char **ret_why) WIRE_MUST_USE;

// The same with that signature at the end. Fails the buffer beyond MANIFEST_SIGNERS_MAX.
void manifest_write_more(struct buf *b, const struct manifest_signed *object,
                         struct bytes signature);

// ---- key sets: <troth/keyset.h>
struct manifest_key {
    uint32_t number;
    int32_t algorithm;
    uint32_t uses;
    struct bytes octets;
};
struct manifest_keyset {
    uint32_t sequence, floor;
    uint8_t wanted[4]; // signers by use: 1, 2, 4, 8; 0: none may
    const struct manifest_key *keys;
    size_t n;
};
void manifest_write_keyset(struct buf *b, const struct manifest_keyset *set);

// [bstr(set), bstr(signature), ...]
void manifest_write_signed_keyset(struct buf *b, struct bytes set, const struct bytes *signatures,
                                  size_t n);
