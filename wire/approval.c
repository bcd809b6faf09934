#include <wire/approval.h>
#include <wire/utf8.h>

#define FORMAT 1
#define PARTS 9

static struct approval_value read_value(struct reader *r)
{
    struct approval_value value = {.type = cbor_peek(r)};
    switch (value.type) {
    case CBOR_UINT:
    case CBOR_NEGATIVE:
        value.number = cbor_read_int(r);
        break;
    case CBOR_TEXT:
        value.bytes = cbor_read_text(r);
        break;
    case CBOR_BYTES:
        value.bytes = cbor_read_bytes(r);
        break;
    case CBOR_NULL:
        cbor_read_null(r);
        break;
    case CBOR_NONE:
    case CBOR_ARRAY:
    case CBOR_MAP:
    case CBOR_TAG:
    case CBOR_BOOL:
        reader_fail(r, "approval: a value is an integer, text, bytes or null");
        break;
    }
    return value;
}

static void expect_array(struct reader *r, size_t n, const char *rule)
{
    if (cbor_read_array(r) != n)
        reader_fail(r, rule);
}

static void read_pair(struct reader *r, struct bytes *ret_name, struct approval_value *ret)
{
    expect_array(r, 2, "approval: a parameter or count is a name and a value");
    *ret_name = cbor_read_text(r);
    *ret = read_value(r);
}

static void read_change(struct reader *r, struct approval_change *ret)
{
    expect_array(r, 5, "approval: a change is table, row, column, before and after");
    ret->table = cbor_read_text(r);
    ret->row = cbor_read_int(r);
    ret->column = cbor_read_text(r);
    ret->before = read_value(r);
    ret->after = read_value(r);
}

// One array whose elements are all checked, as the item that it is.
static struct bytes read_items(struct reader *r, bool are_changes)
{
    const uint8_t *start = r->p;
    struct bytes name;
    struct approval_value value;
    struct approval_change change;
    for (size_t n = cbor_read_array(r); n > 0 && reader_ok(r); n--) {
        if (are_changes)
            read_change(r, &change);
        else
            read_pair(r, &name, &value);
    }
    return bytes_of(start, reader_ok(r) ? (size_t)(r->p - start) : 0);
}

bool approval_read(struct bytes body, struct approval *ret, const char **ret_why)
{
    struct reader r = reader_of(body);
    struct approval approval = {0};
    if (body.n > APPROVAL_MAX)
        reader_fail(&r, "approval: longer than 8192 octets");
    expect_array(&r, PARTS, "approval: an array of nine");
    if (cbor_read_uint(&r) != FORMAT)
        reader_fail(&r, "approval: format 1");
    approval.kind = cbor_read_text(&r);
    approval.number = cbor_read_uint(&r);
    approval.requester = cbor_read_int(&r);
    approval.created_s = cbor_read_int(&r);
    approval.expires_s = cbor_read_int(&r);
    approval.parameters = read_items(&r, false);
    approval.changes = read_items(&r, true);
    approval.counts = read_items(&r, false);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = approval;
    return true;
}

void approval_write(struct buf *b, const struct approval *approval)
{
    cbor_write_array(b, PARTS);
    cbor_write_uint(b, FORMAT);
    cbor_write_text(b, approval->kind);
    cbor_write_uint(b, approval->number);
    cbor_write_int(b, approval->requester);
    cbor_write_int(b, approval->created_s);
    cbor_write_int(b, approval->expires_s);
    buf_put_bytes(b, approval->parameters);
    buf_put_bytes(b, approval->changes);
    buf_put_bytes(b, approval->counts);
}

void approval_write_octets(struct buf *b, struct bytes octets)
{
    bool is_text = utf8_is_valid(octets);
    for (size_t i = 0; i < octets.n; i++)
        is_text = is_text && octets.p[i] >= 0x20 && octets.p[i] != 0x7f;
    if (is_text)
        cbor_write_text(b, octets);
    else
        cbor_write_bytes(b, octets);
}

struct reader approval_walk(struct bytes items)
{
    struct reader walk = reader_of(items);
    (void)cbor_read_array(&walk);
    return walk;
}

bool approval_next_pair(struct reader *walk, struct bytes *ret_name, struct approval_value *ret)
{
    if (walk->left == 0)
        return false;
    read_pair(walk, ret_name, ret);
    return reader_ok(walk);
}

bool approval_next_change(struct reader *walk, struct approval_change *ret)
{
    if (walk->left == 0)
        return false;
    read_change(walk, ret);
    return reader_ok(walk);
}
