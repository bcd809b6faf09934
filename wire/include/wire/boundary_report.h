// What a boundary reports to the server: what it enforces, whom it let in and whom not.
//
// Deterministic CBOR (RFC 8949 4.2.1), an array of
//   1 format (1)   status generation, service generation: those that it enforces   at, milliseconds
//   checkpoint: [size, root] of the newest that it holds (0 and an empty root: none)
//   items: array of at most 512 of
//     [kind, issuer, serial, SHA-256 of the SPKI or empty, service, at in milliseconds, count,
//     reason]
// NOT checked, since it is a boundary's word: whether any of it is true.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>

#define BOUNDARY_REPORT_TYPE "application/troth-boundary-report+cbor"
#define BOUNDARY_REPORT_MAX 65536 // octets
#define BOUNDARY_REPORT_ITEMS_MAX 512
#define BOUNDARY_REPORT_SERIAL_N 16
#define BOUNDARY_REPORT_HASH_N 32
#define BOUNDARY_REPORT_SERVICE_MAX 64 // octets of a service's name

enum boundary_report_kind {
    BOUNDARY_REPORT_NONE = 0,
    BOUNDARY_REPORT_ADMITTED, // the first of a session; over HTTP once per certificate and 10 s
    BOUNDARY_REPORT_REFUSED,
    BOUNDARY_REPORT_OPENED, // a session
    BOUNDARY_REPORT_CLOSED,
    BOUNDARY_REPORT_ACTIVE,    // a session that the server asked to watch has sent
    BOUNDARY_REPORT_TAKEOVERS, // three within 60 s, each side having sent
    BOUNDARY_REPORT_FORK,      // of the ledger: no certificate stands with it
    BOUNDARY_REPORT_CUT,       // a live session was ended because of its status
    BOUNDARY_REPORT_STARTED,   // the boundary began anew: no session of before is open; likewise
    BOUNDARY_REPORT_KIND_COUNT
};

// Why a boundary decided as it did: the answers of boundary/boundary.h, zero refuses.
enum boundary_reason {
    BOUNDARY_REFUSED = 0, // why is not known
    BOUNDARY_ADMITTED,
    BOUNDARY_NO_CERTIFICATE,
    BOUNDARY_UNREADABLE, // what was presented is no certificate, serial or name of ours
    BOUNDARY_ISSUER,     // not one of the listed
    BOUNDARY_SIGNATURE,
    BOUNDARY_PURPOSE, // no client certificate: RFC 5280 4.2.1.12
    BOUNDARY_EXPIRED,
    BOUNDARY_NOT_YET,
    BOUNDARY_UNKNOWN, // an absent shard, or a number that was never given
    BOUNDARY_INVALID,
    BOUNDARY_SUSPENDED,
    BOUNDARY_SUPERSEDED,
    BOUNDARY_SERVICE,   // no such service here
    BOUNDARY_BINDING,   // nothing says that it may
    BOUNDARY_STALE,     // what is known is older than the service's age limit
    BOUNDARY_NO_FEED,   // nothing is known yet
    BOUNDARY_FORK,      // the ledger is forked, and what is known is older than the age limit
    BOUNDARY_CLIENT_ID, // the session's name is not the device's
    BOUNDARY_TAKEOVER,
    BOUNDARY_REASON_COUNT
};

// Is it about the boundary itself?
static inline bool boundary_report_has_no_certificate(enum boundary_report_kind kind)
{
    return kind == BOUNDARY_REPORT_FORK || kind == BOUNDARY_REPORT_STARTED;
}

struct boundary_report {
    uint64_t status_generation;
    uint64_t service_generation;
    int64_t at_ms; // Unix time
    uint64_t ledger_size;
    struct bytes ledger_root;
    struct bytes items; // one CBOR item, head included
};

struct boundary_report_item {
    enum boundary_report_kind kind;
    uint32_t issuer; // 0 and an empty serial for fork and started, and for nothing else
    struct bytes serial;
    struct bytes spki_hash;
    struct bytes service;
    int64_t at_ms;  // Unix time
    uint32_t count; // how many of its kind it stands for: at least 1
    enum boundary_reason reason;
};

// The bytes point into `octets`; each item was checked. On refusal false, *ret_why names the rule.
bool boundary_report_read(struct bytes octets, struct boundary_report *ret,
                          const char **ret_why) WIRE_MUST_USE;
void boundary_report_write(struct buf *b, const struct boundary_report *report);

// Walks what boundary_report_read() has taken, where nothing fails. False at the end.
struct reader boundary_report_walk(struct bytes items);
bool boundary_report_next(struct reader *walk, struct boundary_report_item *ret);
void boundary_report_put(struct buf *b, const struct boundary_report_item *item);
