#include <wire/feed.h>
#include <wire/service.h>
#include <wire/status_list.h>

#define FORMAT 1

struct bytes feed_type(enum feed_kind kind)
{
    static const struct bytes types[FEED_KIND_COUNT] = {
        [FEED_DELTA] = BYTES_TEXT_INIT(FEED_DELTA_TYPE),
        [FEED_CATALOGUE] = BYTES_TEXT_INIT(FEED_CATALOGUE_TYPE),
        [FEED_LIST] = BYTES_TEXT_INIT(STATUS_LIST_TYPE),
        [FEED_SERVICE] = BYTES_TEXT_INIT(SERVICE_TYPE),
    };
    return kind > FEED_NONE && kind < FEED_KIND_COUNT ? types[kind] : bytes_of(NULL, 0);
}

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static struct status_space read_space(struct reader *r)
{
    uint64_t issuer = cbor_read_uint(r), class = cbor_read_uint(r), shard = cbor_read_uint(r);
    expect(r, issuer != 0 && issuer < UINT32_MAX, "feed: an issuer's number");
    expect(r, class < 256, "feed: a class below 256");
    expect(r, shard < STATUS_SHARDS_MAX, "feed: a shard below 4096");
    return (struct status_space){(uint32_t)issuer, (uint8_t) class, (uint16_t)shard};
}

static void put_space(struct buf *b, struct status_space space)
{
    cbor_write_uint(b, space.issuer);
    cbor_write_uint(b, space.expiry_class);
    cbor_write_uint(b, space.shard);
}

// ---- one of each -------------------------------------------------------------------------------

static void read_stream(struct reader *r, struct feed_stream *ret)
{
    expect(r, cbor_read_array(r) == 2, "feed: a stream is boundary and generation");
    ret->boundary = cbor_read_uint(r);
    ret->generation = cbor_read_uint(r);
}

static void read_changed(struct reader *r, struct feed_space *ret)
{
    expect(r, cbor_read_array(r) == 5, "feed: a space is issuer, class, shard, high and changes");
    ret->space = read_space(r);
    uint64_t high = cbor_read_uint(r);
    ret->changes = cbor_read_bytes(r);
    expect(r, high <= STATUS_SHARD_SIZE, "feed: a shard has 2^20 indices at most");
    expect(r, ret->changes.n % FEED_CHANGE_N == 0, "feed: changes of three octets each");
    ret->high = (uint32_t)high;
}

static void read_list(struct reader *r, struct feed_list *ret)
{
    expect(r, cbor_read_array(r) == 4, "feed: a list is issuer, class, shard and hash");
    ret->space = read_space(r);
    ret->hash = cbor_read_bytes(r);
    expect(r, ret->hash.n == FEED_HASH_N, "feed: a hash of 32 octets");
}

struct reader feed_walk(struct bytes items)
{
    struct reader walk = reader_of(items);
    (void)cbor_read_array(&walk);
    return walk;
}

bool feed_next_stream(struct reader *walk, struct feed_stream *ret)
{
    if (walk->left == 0)
        return false;
    read_stream(walk, ret);
    return reader_ok(walk);
}

bool feed_next_space(struct reader *walk, struct feed_space *ret)
{
    if (walk->left == 0)
        return false;
    read_changed(walk, ret);
    return reader_ok(walk);
}

bool feed_next_list(struct reader *walk, struct feed_list *ret)
{
    if (walk->left == 0)
        return false;
    read_list(walk, ret);
    return reader_ok(walk);
}

bool feed_next_change(struct reader *walk, struct feed_change *ret)
{
    if (walk->left == 0)
        return false;
    struct bytes octets = reader_bytes(walk, FEED_CHANGE_N);
    if (octets.n != FEED_CHANGE_N)
        return false;
    uint32_t both = (uint32_t)octets.p[0] << 16 | (uint32_t)octets.p[1] << 8 | octets.p[2];
    *ret = (struct feed_change){both >> 2, (enum status)(both & 3)};
    return true;
}

// ---- all of them -------------------------------------------------------------------------------

static struct bytes item_at(const uint8_t *start, const struct reader *r)
{
    return bytes_of(start, (size_t)(r->p - start));
}

static struct bytes check_streams(struct reader *r)
{
    const uint8_t *start = r->p;
    struct feed_stream last = {0}, stream = {0};
    for (size_t n = cbor_read_array(r); n > 0 && reader_ok(r); n--) {
        read_stream(r, &stream);
        expect(r, stream.boundary > last.boundary, "feed: streams stand by boundary, each once");
        last = stream;
    }
    return item_at(start, r);
}

static void check_changes(struct reader *r, const struct feed_space *space)
{
    struct reader walk = reader_of(space->changes);
    struct feed_change change;
    uint32_t least = 0;
    while (feed_next_change(&walk, &change)) {
        expect(r, change.index >= least, "feed: changes stand by index, each once");
        expect(r, change.index < space->high, "feed: a change lies below the high-water mark");
        least = change.index + 1;
    }
}

static struct bytes check_spaces(struct reader *r)
{
    const uint8_t *start = r->p;
    struct feed_space last = {0}, space = {0};
    for (size_t n = cbor_read_array(r); n > 0 && reader_ok(r); n--) {
        read_changed(r, &space);
        expect(r, status_space_is_before(last.space, space.space),
               "feed: spaces stand in order, each once");
        check_changes(r, &space);
        last = space;
    }
    return item_at(start, r);
}

static struct bytes check_lists(struct reader *r)
{
    const uint8_t *start = r->p;
    struct feed_list last = {0}, list = {0};
    for (size_t n = cbor_read_array(r); n > 0 && reader_ok(r); n--) {
        read_list(r, &list);
        expect(r, status_space_is_before(last.space, list.space),
               "feed: lists stand in order, each once");
        last = list;
    }
    return item_at(start, r);
}

static int64_t read_time(struct reader *r)
{
    uint64_t at_s = cbor_read_uint(r);
    expect(r, at_s <= INT64_MAX, "feed: a time of 63 bits");
    return (int64_t)at_s;
}

bool feed_delta_read(struct bytes payload, struct feed_delta *ret, const char **ret_why)
{
    struct reader r = reader_of(payload);
    struct feed_delta delta = {0};
    expect(&r, payload.n <= FEED_DELTA_MAX, "feed: a delta of 32768 octets at most");
    expect(&r, cbor_read_array(&r) == 7, "feed: a delta is an array of seven");
    expect(&r, cbor_read_uint(&r) == FORMAT, "feed: format 1");
    delta.from = cbor_read_uint(&r);
    delta.to = cbor_read_uint(&r);
    delta.at_s = read_time(&r);
    expect(&r, cbor_read_array(&r) == 2, "feed: the ledger is size and root");
    delta.ledger_size = cbor_read_uint(&r);
    delta.ledger_root = cbor_read_bytes(&r);
    delta.streams = check_streams(&r);
    delta.spaces = check_spaces(&r);
    bool is_empty = delta.spaces.n == 1; // the head of an array of none
    expect(&r, delta.ledger_root.n == FEED_HASH_N, "feed: a hash of 32 octets");
    expect(&r, delta.from <= delta.to && delta.to != 0, "feed: a delta leads to what comes later");
    expect(&r, is_empty == (delta.from == delta.to),
           "feed: a heartbeat changes nothing, a delta does");
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = delta;
    return true;
}

bool feed_catalogue_read(struct bytes payload, struct feed_catalogue *ret, const char **ret_why)
{
    struct reader r = reader_of(payload);
    struct feed_catalogue catalogue = {0};
    expect(&r, payload.n <= FEED_CATALOGUE_MAX, "feed: a catalogue of 2^20 octets at most");
    expect(&r, cbor_read_array(&r) == 4, "feed: a catalogue is an array of four");
    expect(&r, cbor_read_uint(&r) == FORMAT, "feed: format 1");
    catalogue.generation = cbor_read_uint(&r);
    catalogue.at_s = read_time(&r);
    catalogue.lists = check_lists(&r);
    expect(&r, catalogue.generation != 0, "feed: a generation is above 0");
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = catalogue;
    return true;
}

// ---- writing -----------------------------------------------------------------------------------

void feed_put_stream(struct buf *b, const struct feed_stream *stream)
{
    cbor_write_array(b, 2);
    cbor_write_uint(b, stream->boundary);
    cbor_write_uint(b, stream->generation);
}

void feed_put_space_head(struct buf *b, const struct feed_space *space)
{
    cbor_write_array(b, 5);
    put_space(b, space->space);
    cbor_write_uint(b, space->high);
    cbor_write_bytes_head(b, space->changes.n);
}

void feed_put_space(struct buf *b, const struct feed_space *space)
{
    feed_put_space_head(b, space);
    buf_put_bytes(b, space->changes);
}

void feed_put_change(struct buf *b, const struct feed_change *change)
{
    uint32_t both = change->index << 2 | (uint32_t)change->status;
    buf_put_u8(b, (uint8_t)(both >> 16));
    buf_put_u16be(b, (uint16_t)both);
}

void feed_delta_write(struct buf *b, const struct feed_delta *delta)
{
    cbor_write_array(b, 7);
    cbor_write_uint(b, FORMAT);
    cbor_write_uint(b, delta->from);
    cbor_write_uint(b, delta->to);
    cbor_write_int(b, delta->at_s);
    cbor_write_array(b, 2);
    cbor_write_uint(b, delta->ledger_size);
    cbor_write_bytes(b, delta->ledger_root);
    buf_put_bytes(b, delta->streams);
    buf_put_bytes(b, delta->spaces);
}

void feed_put_list(struct buf *b, const struct feed_list *list)
{
    cbor_write_array(b, 4);
    put_space(b, list->space);
    cbor_write_bytes(b, list->hash);
}

void feed_catalogue_write(struct buf *b, const struct feed_catalogue *catalogue)
{
    cbor_write_array(b, 4);
    cbor_write_uint(b, FORMAT);
    cbor_write_uint(b, catalogue->generation);
    cbor_write_int(b, catalogue->at_s);
    buf_put_bytes(b, catalogue->lists);
}
