// The watch item in the answer to a boundary's poll: certificates of which the boundary says at
// once when a session that began before now sends (BOUNDARY_REPORT_ACTIVE of
// wire/boundary_report.h).
//
// Deterministic CBOR, an array of [1, array of [issuer, serial, 16 octets]]. Nobody signs it: what
// it asks for is a report, and the connection is the server's.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>

#define WATCH_ITEMS_MAX 1024
#define WATCH_SERIAL_N 16

struct watch_item {
    uint32_t issuer;
    struct bytes serial;
};

// The bytes point into `octets`; each item was checked. On refusal false, *ret_why names the rule.
bool watch_read(struct bytes octets, struct bytes *ret_items, const char **ret_why) WIRE_MUST_USE;
void watch_write(struct buf *b, struct bytes items); // one CBOR item, head included

// Walks what watch_read() has taken, where nothing fails. False at the end.
struct reader watch_walk(struct bytes items);
bool watch_next(struct reader *walk, struct watch_item *ret);
void watch_put(struct buf *b, const struct watch_item *item);
