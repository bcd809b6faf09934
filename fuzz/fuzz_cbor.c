// What cbor_skip accepts is written again as it was.
#include "fuzz.h"

#include <wire/cbor.h>

static void copy_uint(struct reader *r, struct buf *b)
{
    cbor_write_uint(b, cbor_read_uint(r));
}

static void copy_int(struct reader *r, struct buf *b)
{
    cbor_write_int(b, cbor_read_int(r));
}

static void copy_bytes(struct reader *r, struct buf *b)
{
    cbor_write_bytes(b, cbor_read_bytes(r));
}

static void copy_text(struct reader *r, struct buf *b)
{
    cbor_write_text(b, cbor_read_text(r));
}

static void copy_array(struct reader *r, struct buf *b)
{
    cbor_write_array(b, cbor_read_array(r));
}

static void copy_map(struct reader *r, struct buf *b)
{
    cbor_write_map(b, cbor_read_map(r).left);
}

static void copy_tag(struct reader *r, struct buf *b)
{
    cbor_write_tag(b, cbor_read_tag(r));
}

static void copy_bool(struct reader *r, struct buf *b)
{
    cbor_write_bool(b, cbor_read_bool(r));
}

static void copy_null(struct reader *r, struct buf *b)
{
    cbor_read_null(r);
    cbor_write_null(b);
}

static void (*const copy[])(struct reader *r, struct buf *b) = {
    [CBOR_UINT] = copy_uint, [CBOR_NEGATIVE] = copy_int, [CBOR_BYTES] = copy_bytes,
    [CBOR_TEXT] = copy_text, [CBOR_ARRAY] = copy_array,  [CBOR_MAP] = copy_map,
    [CBOR_TAG] = copy_tag,   [CBOR_BOOL] = copy_bool,    [CBOR_NULL] = copy_null,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 16];
    struct buf b = buf_over(memory, sizeof(memory));
    struct reader whole = reader_of(bytes_of(data, size));
    cbor_skip(&whole);
    if (!reader_ok(&whole) || size > sizeof(memory))
        return 0;
    // Heads and items follow each other flat; what nests in what does not matter for copying.
    size_t n = size - whole.left;
    struct reader r = reader_of(bytes_of(data, n));
    while (r.left > 0)
        copy[cbor_peek(&r)](&r, &b);
    must(reader_end(&r) && bytes_equal(buf_bytes(&b), bytes_of(data, n)));
    return 0;
}
