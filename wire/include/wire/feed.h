// The status stream of the feed: what boundaries are told after they have all lists.
//
// Each is a COSE_Sign1 (wire/cose.h), its payload a deterministic CBOR array.
//
// A delta, type FEED_DELTA_TYPE, leads from one generation to the next; one that changes nothing
// and goes nowhere is the heartbeat:
//   1 format (1)   from   to   at, seconds   ledger: [size, root]
//   streams: array of [boundary, generation of its service stream], by boundary
//   spaces: array of [issuer, class, shard, high-water mark, changes], by those three
// Changes are three octets each, big-endian: index within the shard * 4 + status, by index.
//
// Indices that a mark takes in when it rises are valid, unless the same delta says otherwise of
// them; a shard that a delta is the first to name begins with nothing. A delta may say again what
// is so.
//
// A catalogue, type FEED_CATALOGUE_TYPE, is what a boundary begins with: all lists of a generation
// by their SHA-256, so that no older one is taken for it:
//   1 format (1)   generation   at, seconds   lists: array of [issuer, class, shard, SHA-256 of
//   the file]
//
// How one follows. Who enforces a generation takes the delta whose `from` it is, and nothing else;
// who is given none such begins with a catalogue whose generation is above all that he ever had.
// Each list has at least what deltas up to the catalogue's generation said, and deltas lead on from
// that. A list may be newer than its catalogue (its own generation is above): of its shard, and of
// no other, a delta is passed over whose `to` is not above the list's generation, as the list has
// it. What is said is fresh only for who enforces the `to` of a delta or heartbeat once he has read
// it.
#pragma once

#include <wire/buf.h>
#include <wire/cbor.h>
#include <wire/status.h>

#define FEED_DELTA_TYPE "application/troth-status-delta+cose"
#define FEED_CATALOGUE_TYPE "application/troth-status-catalogue+cose"

enum feed_kind {
    FEED_NONE = 0,
    FEED_DELTA,
    FEED_CATALOGUE,
    FEED_LIST,
    FEED_SERVICE, // wire/service.h
    FEED_KIND_COUNT
};

// The type of its COSE_Sign1; a list's is that of wire/status_list.h. Empty for none.
struct bytes feed_type(enum feed_kind kind);

#define FEED_DELTA_MAX 32768         // octets of the payload
#define FEED_CATALOGUE_MAX (1 << 20) // octets: some 20,000 shards
#define FEED_HASH_N 32
#define FEED_CHANGE_N 3

struct feed_delta {
    uint64_t from;
    uint64_t to;
    int64_t at_s;
    uint64_t ledger_size;
    struct bytes ledger_root;
    struct bytes streams; // each of these is one CBOR item, head included
    struct bytes spaces;
};

// The bytes point into `payload`; every stream, space and change was checked, and stands in its
// order. On refusal false, *ret_why names the rule. NOT checked: the signature, whether the
// generation follows, whether marks rise.
bool feed_delta_read(struct bytes payload, struct feed_delta *ret,
                     const char **ret_why) WIRE_MUST_USE;
void feed_delta_write(struct buf *b, const struct feed_delta *delta);

static inline bool feed_delta_is_heartbeat(const struct feed_delta *delta)
{
    return delta->from == delta->to;
}

struct feed_stream {
    uint64_t boundary;
    uint64_t generation;
};
struct feed_space {
    struct status_space space;
    uint32_t high;
    struct bytes changes;
};
struct feed_change {
    uint32_t index;
    enum status status;
};

// Walks what feed_delta_read() has taken, where nothing fails. False at the end.
struct reader feed_walk(struct bytes items);
bool feed_next_stream(struct reader *walk, struct feed_stream *ret);
bool feed_next_space(struct reader *walk, struct feed_space *ret);
// Of a space: begin with reader_of(space.changes).
bool feed_next_change(struct reader *walk, struct feed_change *ret);

void feed_put_stream(struct buf *b, const struct feed_stream *stream);
void feed_put_space(struct buf *b, const struct feed_space *space);
// All but the octets of its changes, which the caller puts one by one: changes.n of them.
void feed_put_space_head(struct buf *b, const struct feed_space *space);
void feed_put_change(struct buf *b, const struct feed_change *change);

struct feed_catalogue {
    uint64_t generation;
    int64_t at_s;
    struct bytes lists; // one CBOR item, head included
};
struct feed_list {
    struct status_space space;
    struct bytes hash;
};
bool feed_catalogue_read(struct bytes payload, struct feed_catalogue *ret,
                         const char **ret_why) WIRE_MUST_USE;
void feed_catalogue_write(struct buf *b, const struct feed_catalogue *catalogue);
bool feed_next_list(struct reader *walk, struct feed_list *ret);
void feed_put_list(struct buf *b, const struct feed_list *list);
