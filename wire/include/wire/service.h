// The service stream of the feed: what one boundary is told of its services, whose certificates it
// may let in, and what they may do there.
//
// A COSE_Sign1 (wire/cose.h) of type SERVICE_TYPE, its payload a deterministic CBOR array:
//   1 format (1)   boundary   generation   at, seconds   ledger: [size, root]   name, text
//   services: array of [name, age limit in seconds, fail-open 0 or 1], by name
//   issuers: array of [issuer, its certificate's DER], by issuer
//   bindings: array of [index of the service, kind, product, value, actions, pattern, expires in
//   seconds or 0], in any order
// What a pattern is, wire/pattern.h says.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>
#include <wire/pattern.h>

#define SERVICE_TYPE "application/troth-boundary-service+cose"

#define SERVICE_MAX (256 * 1024) // octets of the payload
#define SERVICE_NAME_MAX 64      // octets of a boundary's and of a service's name
#define SERVICE_VALUE_MAX 64     // octets of a product, owner or serial number: RFC 5280's ub-
#define SERVICE_SERVICES_MAX 8
#define SERVICE_ISSUERS_MAX 64     // as many numbers as issuers have: pki/profile.h
#define SERVICE_ISSUER_MAX 4096    // octets of an issuer's certificate
#define SERVICE_AGE_MAX_S 604800   // a week: a status that is older is no status
#define SERVICE_BINDINGS_MAX 16384 // what SERVICE_MAX holds is fewer
#define SERVICE_ROOT_N 32

struct service_object {
    uint64_t boundary;
    uint64_t generation;
    int64_t at_s;
    uint64_t ledger_size;
    struct bytes ledger_root;
    struct bytes name;
    struct bytes services; // each of these is one CBOR item, head included
    struct bytes issuers;
    struct bytes bindings;
};

struct service_entry {
    struct bytes name;
    uint32_t age_s; // 1 to SERVICE_AGE_MAX_S
    bool is_fail_open;
};

struct service_issuer {
    uint32_t issuer;
    struct bytes der;
};

enum service_kind {
    SERVICE_KIND_NONE = 0,
    SERVICE_KIND_PRODUCT, // all devices of `product`; no value
    SERVICE_KIND_OWNER,   // `value` is the owner; of `product`, or of any where that is empty
    SERVICE_KIND_DEVICE,  // `value` is the serial number
    SERVICE_KIND_COUNT
};

struct service_binding {
    uint8_t service; // which of `services`, from 0
    enum service_kind kind;
    struct bytes product;
    struct bytes value;
    uint8_t actions; // PATTERN_* of wire/pattern.h, at least one
    struct bytes pattern;
    int64_t expires_s; // from then on it is none; 0: never
};

// The bytes point into `payload`; each of its items was checked. On refusal false, *ret_why names
// the rule. NOT checked: the signature, whether the generation follows, what the DER is.
bool service_read(struct bytes payload, struct service_object *ret,
                  const char **ret_why) WIRE_MUST_USE;
void service_write(struct buf *b, const struct service_object *service);

// Walks what service_read() has taken, where nothing fails. False at the end.
struct reader service_walk(struct bytes items);
bool service_next_entry(struct reader *walk, struct service_entry *ret);
bool service_next_issuer(struct reader *walk, struct service_issuer *ret);
bool service_next_binding(struct reader *walk, struct service_binding *ret);

// One item each, after cbor_write_array() with their number. What a reader refuses is not refused
// here.
void service_put_entry(struct buf *b, const struct service_entry *entry);
void service_put_issuer(struct buf *b, const struct service_issuer *issuer);
void service_put_binding(struct buf *b, const struct service_binding *binding);
