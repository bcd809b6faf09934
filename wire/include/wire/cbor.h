// CBOR, RFC 8949, core deterministic encoding (4.2.1) and nothing else.
//
// Accepted: unsigned and negative integers (negative down to -2^63), byte and text strings, arrays,
// maps, tags, false, true, null. Lengths are definite, heads the shortest, text is UTF-8, map keys
// are integers or text, unique and in bytewise order of their encoding. Everything else fails the
// reader.
#pragma once

#include <wire/buf.h>
#include <wire/reader.h>

#define CBOR_DEPTH_MAX 16 // levels that cbor_skip follows; deeper input is refused

enum cbor_type {
    CBOR_NONE, // nothing left, the reader failed, or a head that we do not accept
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_BOOL,
    CBOR_NULL,
};
/*@ requires is_reader((struct reader *)r);
    assigns \nothing; */
enum cbor_type cbor_peek(const struct reader *r);

// Each reads one item of that type or fails the reader and gives zero or empty bytes.
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint64_t cbor_read_uint(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
int64_t cbor_read_int(struct reader *r); // of either sign, within int64_t
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && is_readable((uint8_t *)\result.p, \result.n);
 */
struct bytes cbor_read_bytes(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && is_readable((uint8_t *)\result.p, \result.n);
 */
struct bytes cbor_read_text(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
bool cbor_read_bool(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
void cbor_read_null(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint64_t cbor_read_tag(struct reader *r);

// Number of elements that follow: never more than bytes are left.
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && \result <= r->left; */
size_t cbor_read_array(struct reader *r);

// A map: cbor_map_next reads the next key (false at the end or on failure), the caller then reads
// or skips exactly one value.
//     struct cbor_map map = cbor_read_map(r);
//     while (cbor_map_next(&map, r, &key)) ...
struct cbor_map {
    size_t left;           // pairs
    struct bytes last_key; // encoded
};
struct cbor_key {
    bool is_text;
    int64_t number;
    struct bytes text;
};
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && \result.left <= r->left && \result.last_key.n
   == 0; */
struct cbor_map cbor_read_map(struct reader *r);
/*@ requires is_reader(r) && \valid(map) && \valid(ret) && \separated(map, r, ret);
    requires is_readable((uint8_t *)map->last_key.p, map->last_key.n);
    assigns *r, *map, *ret;
    ensures is_reader(r);
    ensures has_moved{Pre, Post}(r);
    ensures map->left <= \old(map->left);
    ensures is_readable((uint8_t *)map->last_key.p, map->last_key.n);
    ensures is_readable((uint8_t *)ret->text.p, ret->text.n);
    ensures \result ==> r->why == \null; */
bool cbor_map_next(struct cbor_map *map, struct reader *r, struct cbor_key *ret);

// Passes over one item with all that it contains, holding it to the same rules.
void cbor_skip(struct reader *r);

// Writing: heads are the shortest. The order of map keys is the caller's, and tests read back.
void cbor_write_uint(struct buf *b, uint64_t v);
void cbor_write_int(struct buf *b, int64_t v);
void cbor_write_bytes(struct buf *b, struct bytes v);
void cbor_write_bytes_head(struct buf *b, size_t n); // the octets are the caller's to put
void cbor_write_text(struct buf *b, struct bytes v);
void cbor_write_array(struct buf *b, size_t n);
void cbor_write_map(struct buf *b, size_t n);
void cbor_write_tag(struct buf *b, uint64_t tag);
void cbor_write_bool(struct buf *b, bool v);
void cbor_write_null(struct buf *b);
