// The receipt of a transfer of ownership: it stands in the entry that gives a device to its next
// owner, and with the bytes that both sides signed it is enough to check who gave what to whom.
//
// Deterministic CBOR (RFC 8949 4.2.1), an array of
//   1 format (1)   transfer   device, its row   product, text   serial number, text
//   from, text   to, text   SHA-256 of the bytes that both signed (wire/approval.h)
//   released, accepted: array of [operator's row, seconds, SubjectPublicKeyInfo, signature]
//   old certificate, or null where the device never used one; new certificate: array of [row,
//   serial, SHA-256 of its DER]   done, seconds
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>

#define RECEIPT_MAX 2048 // octets
#define RECEIPT_TABLE 14 // where it stands in an entry: store/tables.def, TRANSFER RECEIPT
#define RECEIPT_COLUMN 18

struct receipt_side {
    int64_t operator_row;
    int64_t at_s; // 0: nobody wrote it down
    struct bytes key;
    struct bytes signature; // ES256 over APPROVAL_PREFIX and the bytes
};

struct receipt_certificate {
    int64_t row; // 0: there was none
    struct bytes serial;
    struct bytes digest;
};

struct receipt {
    uint64_t transfer;
    int64_t device;
    struct bytes product;
    struct bytes serial_number;
    struct bytes from;
    struct bytes to;
    struct bytes body_hash;
    struct receipt_side released;
    struct receipt_side accepted;
    struct receipt_certificate before;
    struct receipt_certificate after;
    int64_t done_s;
};

// The bytes point into `octets`. On refusal false, *ret_why names the rule.
bool receipt_read(struct bytes octets, struct receipt *ret, const char **ret_why) WIRE_MUST_USE;
void receipt_write(struct buf *b, const struct receipt *receipt);

// The one that stands in a ledger entry (src/ledger/include/ledger/act.h). NOT checked: the rest of
// the entry, beyond its being deterministic CBOR.
bool receipt_in_entry(struct bytes entry, struct bytes *ret, const char **ret_why) WIRE_MUST_USE;

// Do the bytes that both sides signed speak of this transfer, device and owners? NOT checked: their
// hash and the signatures, for which there is no crypto here.
bool receipt_fits(const struct receipt *receipt, struct bytes body,
                  const char **ret_why) WIRE_MUST_USE;
