// The canonical bytes of an act that takes two people: what exactly will run, written by core,
// shown and signed by people, checked by the signer and by replay.
//
// Deterministic CBOR (RFC 8949 4.2.1), an array of
//   1 format (1)   kind, text   number of the request   person who asks   created, seconds
//   expires, seconds
//   parameters: array of [name, int | text | bytes], as the act will get them, in their order
//   changes: array of [table, row, column, before, after] of rows that are there (int | text |
//   bytes | null) counts: array of [what, uint]: how much it touches
//
// A person signs APPROVAL_PREFIX followed by these bytes (ES256: ECDSA P-256 over SHA-256). The
// signer, which checked that, signs COUNTERSIGN_PREFIX, SHA-256 of these bytes, and 8 octets for
// each person.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>

#define APPROVAL_MAX 8192 // octets
#define APPROVAL_PREFIX "troth-approval-1\n"
#define ROOT_APPROVAL_PREFIX                                                                       \
    "troth-root-approval-1\n" // by the root's key, as it signs certificates
#define COUNTERSIGN_PREFIX "troth-countersign-1\n"
#define APPROVAL_PERSONS_MAX 8
#define APPROVAL_ROOT_PERSON 0 // the root's key, among the persons of a recovery

struct approval {
    struct bytes kind;
    uint64_t number;
    int64_t requester;
    int64_t created_s;
    int64_t expires_s;
    struct bytes parameters; // each of these is one CBOR item, head included
    struct bytes changes;
    struct bytes counts;
};

// The bytes point into `body`. On refusal false, *ret_why names the rule.
bool approval_read(struct bytes body, struct approval *ret, const char **ret_why) WIRE_MUST_USE;
void approval_write(struct buf *b, const struct approval *approval);

// A value that is one of the four kinds.
struct approval_value {
    enum cbor_type
        type; // CBOR_UINT or CBOR_NEGATIVE: number; CBOR_TEXT or CBOR_BYTES: bytes; CBOR_NULL
    int64_t number;
    struct bytes bytes;
};

// Text where the bytes are printable UTF-8, else bytes.
void approval_write_octets(struct buf *b, struct bytes octets);

// Walks parameters or counts: [name, value] pairs. Begin with approval_walk(); false at the end,
// which approval_read() has checked to come without a fault.
struct reader approval_walk(struct bytes items);
bool approval_next_pair(struct reader *walk, struct bytes *ret_name, struct approval_value *ret);

struct approval_change {
    struct bytes table;
    int64_t row;
    struct bytes column;
    struct approval_value before;
    struct approval_value after;
};
bool approval_next_change(struct reader *walk, struct approval_change *ret);
