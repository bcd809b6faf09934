// What more than one of the verifier's formats reads: numbers of 32 bits, and members of maps.
#pragma once

#include <troth/crypto.h>
#include <wire/cbor.h>

#define FIELD_NONE INT32_MIN // a text, or a number of more than 32 bits: nobody knows such a member

int32_t field_narrow(int64_t v); // FIELD_NONE for more

// Fails the reader for more than 32 bits.
uint32_t field_read_u32(struct reader *r);
int32_t field_read_i32(struct reader *r);
void field_read_octets(struct reader *r, struct troth_octets *ret);

// A byte string, and the same with its head, as it was sent.
struct field_item {
    struct bytes content, whole;
};
void field_read_item(struct reader *r, struct field_item *ret);

// Passes over [* bstr / nil], as component identifiers and alternatives are; what it was.
struct bytes field_read_list(struct reader *r);

// The key of the next member; false at the end, and when the reader failed.
bool field_next(struct cbor_map *map, struct reader *r, int32_t *ret_key);
