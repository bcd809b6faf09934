// DER, ITU-T X.690 section 10: strict reader over struct reader, writer over struct buf.
//
// Accepted are single-octet tags and definite, minimal lengths of at most four octets. Every read
// function fails the reader (sticky) and returns false when the rule is broken; its result is then
// empty or zero. Depth is bounded by the caller's structure: nothing here nests by itself.
#pragma once

#include <wire/buf.h>
#include <wire/reader.h>

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

#define DER_CONTEXT(n) (0x80 | (n))             // [n] IMPLICIT, primitive
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) // [n] EXPLICIT, or IMPLICIT over a constructed type

// 99991231235959Z, "no well-defined expiration date": RFC 5280 4.1.2.5.
#define DER_TIME_NO_EXPIRY INT64_C(253402300799)

// Is this the next tag? Never when nothing is left or the reader failed.
bool der_is_at(const struct reader *r, uint8_t tag);

// One element of that tag: its content; der_read_whole gives tag and length octets as well.
bool der_read(struct reader *r, uint8_t tag, struct bytes *ret_content);
bool der_read_whole(struct reader *r, uint8_t tag, struct bytes *ret_whole);
bool der_read_any(struct reader *r, uint8_t *ret_tag, struct bytes *ret_content);

// One element of any type whose content keeps what X.690 says about universal primitive types: for
// places that are defined as ANY. The inside of constructed ones is not looked at.
bool der_read_value(struct reader *r, uint8_t *ret_tag, struct bytes *ret_content);

// Opens a constructed element; `inner` carries the failure, if any, so it may be read regardless.
// der_leave demands that inner was read to its end and hands its failure to the outer reader.
bool der_enter(struct reader *r, uint8_t tag, struct reader *ret_inner);
bool der_leave(struct reader *r, struct reader *inner);

// INTEGER that is zero or positive. The magnitude has no sign octet; zero is the single octet 00.
bool der_read_unsigned(struct reader *r, struct bytes *ret_magnitude);
bool der_read_small(struct reader *r, uint32_t *ret_value);

// BIT STRING without unused bits; and named bits (bit 0 is the lowest bit of the value), of which
// DER wants no trailing zero bits and we accept the first 16.
bool der_read_bits(struct reader *r, struct bytes *ret_bits);
bool der_read_named_bits(struct reader *r, uint8_t tag, uint16_t *ret_bits);

bool der_read_oid(struct reader *r, struct bytes *ret_oid);
bool der_expect_oid(struct reader *r, struct bytes oid, const char *why);
bool der_read_null(struct reader *r);

// BOOLEAN DEFAULT FALSE of that tag: absent is false, an encoded FALSE is refused.
bool der_read_default_false(struct reader *r, uint8_t tag, bool *ret_value);

// Time of RFC 5280 4.1.2.5, in seconds since 1970: UTCTime through 2049, GeneralizedTime from 2050,
// seconds present, no fraction, Z only. der_read_generalized takes GeneralizedTime for any year.
bool der_read_time(struct reader *r, int64_t *ret_s);
bool der_read_generalized(struct reader *r, int64_t *ret_s);

// Writing. What der_begin opened, der_end closes; calls nest like the elements. A mark is valid
// for the buffer it came from. Errors are sticky in the buffer.
size_t der_begin(struct buf *b, uint8_t tag);
void der_end(struct buf *b, size_t mark);

void der_write(struct buf *b, uint8_t tag, struct bytes content);
void der_write_unsigned(struct buf *b, struct bytes magnitude); // leading zeros are dropped
void der_write_small(struct buf *b, uint32_t value);
void der_write_bits(struct buf *b, struct bytes bits);
void der_write_named_bits(struct buf *b, uint8_t tag, uint16_t bits);
void der_write_oid(struct buf *b, struct bytes oid);
void der_write_null(struct buf *b);
void der_write_true(struct buf *b, uint8_t tag);
// Years 1950 to 9999 (der_write_generalized: 0 to 9999); others fail the buffer.
void der_write_time(struct buf *b, int64_t at_s);
void der_write_generalized(struct buf *b, int64_t at_s);
