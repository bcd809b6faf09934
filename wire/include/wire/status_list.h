// One shard as a file: a Status List Token in CWT (draft-ietf-oauth-status-list 5.2), which whoever
// knows Token Status List can read.
//
// A COSE_Sign1 (wire/cose.h) of type STATUS_LIST_TYPE. Its payload is a map of claims:
//   2 subject, text: where it is had   4 expires, seconds   6 issued, seconds
//   65533 {"bits": 2, "lst": zlib (RFC 1950) over the octets of wire/status.h}   65534 ttl, seconds
//   -70001 what boundaries need beyond: [generation, issuer, class, shard, high-water mark]
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>
#include <wire/status.h>

#define STATUS_LIST_TYPE "application/statuslist+cwt"
#define STATUS_LIST_SUBJECT_MAX 320 // octets
#define STATUS_LIST_MAX                                                                            \
    (STATUS_SHARD_OCTETS + 1024) // octets of the file: what deflate cannot make smaller

struct status_list {
    struct bytes subject;
    int64_t issued_s;
    int64_t expires_s;
    int64_t ttl_s;
    struct bytes compressed; // inflates to status_octets(high), the last octet's unused bits 0
    uint64_t generation;     // of the status stream: all changes up to it are in
    struct status_space space;
    uint32_t high; // indices at and above it were never given: at most STATUS_SHARD_SIZE
};

// The bytes point into `payload`. On refusal false, *ret_why names the rule. NOT checked: that
// `compressed` inflates, the times against a clock, the signature.
bool status_list_read(struct bytes payload, struct status_list *ret,
                      const char **ret_why) WIRE_MUST_USE;
void status_list_write(struct buf *b, const struct status_list *list);
