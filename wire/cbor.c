#include <wire/cbor.h>
#include <wire/utf8.h>

// Major types, RFC 8949 section 3.1.
enum { UINT = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, SIMPLE = 7 };
// Simple values, as whole first bytes.
enum { FALSE = 0xf4, TRUE = 0xf5, NULL_VALUE = 0xf6 };

// The upper three bits.
/*@ assigns \nothing;
    ensures \result <= 7; */
static unsigned major_of(uint8_t first)
{
    return first / 32u;
}

enum cbor_type cbor_peek(const struct reader *r)
{
    if (r->left == 0)
        return CBOR_NONE;
    uint8_t first = r->p[0];
    unsigned major = major_of(first);
    if (major < SIMPLE)
        return (enum cbor_type)(CBOR_UINT + major); // in the same order
    if (first == FALSE || first == TRUE)
        return CBOR_BOOL;
    return first == NULL_VALUE ? CBOR_NULL : CBOR_NONE;
}

// The argument in the head of an item: RFC 8949 section 3.
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
static uint64_t read_argument(struct reader *r, uint8_t info)
{
    if (info < 24)
        return info;
    if (info > 27) {
        reader_fail(r, "RFC 8949 4.2.1: length is indefinite or reserved");
        return 0;
    }
    // 1, 2, 4 or 8 octets follow, of which half would not have done.
    static const uint8_t sizes[] = {1, 2, 4, 8};
    const size_t n = sizes[info - 24];
    uint64_t v = reader_be(r, n);
    if (n == 1 ? v < 24 : v >> 4 * n == 0)
        reader_fail(r, "RFC 8949 4.2.1: head is not the shortest");
    return v;
}

/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
static uint64_t read_head(struct reader *r, uint8_t major)
{
    uint8_t first = reader_u8(r);
    if (!reader_ok(r))
        return 0;
    if (major_of(first) != major) {
        reader_fail(r, "CBOR: item is of another type than its place demands");
        return 0;
    }
    uint64_t v = read_argument(r, first & 31);
    return reader_ok(r) ? v : 0;
}

uint64_t cbor_read_uint(struct reader *r)
{
    return read_head(r, UINT);
}

int64_t cbor_read_int(struct reader *r)
{
    bool is_negative = cbor_peek(r) == CBOR_NEGATIVE;
    uint64_t v = read_head(r, is_negative ? NEGATIVE : UINT);
    if (v > INT64_MAX) {
        reader_fail(r, "CBOR: integer is outside 64 bits with sign");
        return 0;
    }
    return is_negative && reader_ok(r) ? -1 - (int64_t)v : (int64_t)v;
}

/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && is_readable((uint8_t *)\result.p, \result.n);
 */
static struct bytes read_string(struct reader *r, uint8_t major)
{
    uint64_t n = read_head(r, major);
    if (n > r->left) {
        reader_fail(r, "CBOR: string is longer than what holds it");
        return bytes_of(NULL, 0);
    }
    return reader_bytes(r, (size_t)n);
}

struct bytes cbor_read_bytes(struct reader *r)
{
    return read_string(r, BYTES);
}

struct bytes cbor_read_text(struct reader *r)
{
    struct bytes text = read_string(r, TEXT);
    if (utf8_is_valid(text))
        return text;
    reader_fail(r, "RFC 8949 3.1: text is not UTF-8");
    return bytes_of(NULL, 0);
}

/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
static void expect_simple(struct reader *r, enum cbor_type type)
{
    if (cbor_peek(r) != type)
        reader_fail(r, "CBOR: item is of another type than its place demands");
}

bool cbor_read_bool(struct reader *r)
{
    expect_simple(r, CBOR_BOOL);
    return reader_u8(r) == TRUE;
}

void cbor_read_null(struct reader *r)
{
    expect_simple(r, CBOR_NULL);
    reader_u8(r);
}

uint64_t cbor_read_tag(struct reader *r)
{
    return read_head(r, TAG);
}

// Every element takes a byte at least, so a count that the input cannot hold is refused at once.
/*@ requires is_reader(r) && (bytes_each == 1 || bytes_each == 2);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && \result <= r->left; */
static size_t read_count(struct reader *r, uint8_t major, size_t bytes_each)
{
    uint64_t n = read_head(r, major);
    if (n <= r->left / bytes_each)
        return (size_t)n;
    reader_fail(r, "CBOR: more elements than the input can hold");
    return 0;
}

size_t cbor_read_array(struct reader *r)
{
    return read_count(r, ARRAY, 1);
}

struct cbor_map cbor_read_map(struct reader *r)
{
    return (struct cbor_map){.left = read_count(r, MAP, 2)};
}

// Gives the key as it is encoded; nothing when it cannot be read.
/*@ requires is_reader(r) && \valid(ret) && \separated(r, ret);
    requires is_readable((uint8_t *)ret->text.p, ret->text.n);
    assigns *r, *ret;
    ensures is_reader(r);
    ensures has_moved{Pre, Post}(r);
    ensures is_readable((uint8_t *)\result.p, \result.n);
    ensures is_readable((uint8_t *)ret->text.p, ret->text.n); */
static struct bytes read_key(struct reader *r, struct cbor_key *ret)
{
    const struct reader before = *r;
    ret->is_text = cbor_peek(r) == CBOR_TEXT;
    if (ret->is_text)
        ret->text = cbor_read_text(r);
    else
        ret->number = cbor_read_int(r);
    if (!reader_ok(r))
        return (struct bytes){NULL, 0};
    return (struct bytes){before.p, before.left - r->left};
}

// RFC 8949 4.2.1: keys stand in the bytewise order of their encodings, so none occurs twice.
/*@ requires is_reader(r);
    requires is_readable((uint8_t *)last.p, last.n) && is_readable((uint8_t *)key.p, key.n);
    assigns r->why, r->left;
    ensures is_reader(r);
    ensures has_moved{Pre, Post}(r); */
static void check_order(struct reader *r, struct bytes last, struct bytes key)
{
    if (!bytes_is_empty(last) && bytes_compare(last, key) >= 0)
        reader_fail(r, "RFC 8949 4.2.1: map keys are not sorted or not unique");
}

bool cbor_map_next(struct cbor_map *map, struct reader *r, struct cbor_key *ret)
{
    *ret = (struct cbor_key){0};
    if (map->left == 0 || !reader_ok(r))
        return false;
    map->left--;
    struct bytes encoded = read_key(r, ret);
    check_order(r, map->last_key, encoded);
    map->last_key = encoded;
    return reader_ok(r);
}

static void write_head(struct buf *b, uint8_t major, uint64_t v)
{
    uint8_t first = (uint8_t)(major << 5);
    if (v < 24) {
        buf_put_u8(b, (uint8_t)(first | v));
    } else if (v <= UINT8_MAX) {
        buf_put_u8(b, first | 24);
        buf_put_u8(b, (uint8_t)v);
    } else if (v <= UINT16_MAX) {
        buf_put_u8(b, first | 25);
        buf_put_u16be(b, (uint16_t)v);
    } else if (v <= UINT32_MAX) {
        buf_put_u8(b, first | 26);
        buf_put_u32be(b, (uint32_t)v);
    } else {
        buf_put_u8(b, first | 27);
        buf_put_u64be(b, v);
    }
}

void cbor_write_uint(struct buf *b, uint64_t v)
{
    write_head(b, UINT, v);
}

void cbor_write_int(struct buf *b, int64_t v)
{
    if (v < 0)
        write_head(b, NEGATIVE, (uint64_t)(-1 - v));
    else
        write_head(b, UINT, (uint64_t)v);
}

void cbor_write_bytes_head(struct buf *b, size_t n)
{
    write_head(b, BYTES, n);
}

void cbor_write_bytes(struct buf *b, struct bytes v)
{
    cbor_write_bytes_head(b, v.n);
    buf_put_bytes(b, v);
}

void cbor_write_text(struct buf *b, struct bytes v)
{
    write_head(b, TEXT, v.n);
    buf_put_bytes(b, v);
}

void cbor_write_array(struct buf *b, size_t n)
{
    write_head(b, ARRAY, n);
}

void cbor_write_map(struct buf *b, size_t n)
{
    write_head(b, MAP, n);
}

void cbor_write_tag(struct buf *b, uint64_t tag)
{
    write_head(b, TAG, tag);
}

void cbor_write_bool(struct buf *b, bool v)
{
    buf_put_u8(b, v ? TRUE : FALSE);
}

void cbor_write_null(struct buf *b)
{
    buf_put_u8(b, NULL_VALUE);
}
