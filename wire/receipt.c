#include <wire/approval.h>
#include <wire/receipt.h>

#define FORMAT 1
#define PARTS 13
#define HASH_N 32
#define CHANGES_KEY 8 // of an entry

static void expect(struct reader *r, bool holds, const char *rule)
{
    if (!holds)
        reader_fail(r, rule);
}

static struct bytes read_hash(struct reader *r)
{
    struct bytes hash = cbor_read_bytes(r);
    expect(r, hash.n == HASH_N, "receipt: a hash of 32 octets");
    return hash;
}

static void read_side(struct reader *r, struct receipt_side *ret)
{
    expect(r, cbor_read_array(r) == 4, "receipt: a side is operator, time, key and signature");
    ret->operator_row = cbor_read_int(r);
    ret->at_s = cbor_read_int(r);
    ret->key = cbor_read_bytes(r);
    ret->signature = cbor_read_bytes(r);
}

static void read_certificate(struct reader *r, struct receipt_certificate *ret)
{
    expect(r, cbor_read_array(r) == 3, "receipt: a certificate is row, serial and digest");
    ret->row = cbor_read_int(r);
    ret->serial = cbor_read_bytes(r);
    ret->digest = read_hash(r);
    expect(r, ret->row > 0, "receipt: a certificate's row is above 0");
}

static void read_parts(struct reader *r, struct receipt *ret)
{
    ret->transfer = cbor_read_uint(r);
    ret->device = cbor_read_int(r);
    ret->product = cbor_read_text(r);
    ret->serial_number = cbor_read_text(r);
    ret->from = cbor_read_text(r);
    ret->to = cbor_read_text(r);
    ret->body_hash = read_hash(r);
    read_side(r, &ret->released);
    read_side(r, &ret->accepted);
    if (cbor_peek(r) == CBOR_NULL)
        cbor_read_null(r);
    else
        read_certificate(r, &ret->before);
    read_certificate(r, &ret->after);
    ret->done_s = cbor_read_int(r);
}

bool receipt_read(struct bytes octets, struct receipt *ret, const char **ret_why)
{
    struct reader r = reader_of(octets);
    struct receipt receipt = {0};
    expect(&r, octets.n <= RECEIPT_MAX, "receipt: longer than 2048 octets");
    expect(&r, cbor_read_array(&r) == PARTS, "receipt: an array of thirteen");
    expect(&r, cbor_read_uint(&r) == FORMAT, "receipt: format 1");
    read_parts(&r, &receipt);
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = receipt;
    return true;
}

// ---- writing -----------------------------------------------------------------------------------

static void write_side(struct buf *b, const struct receipt_side *side)
{
    cbor_write_array(b, 4);
    cbor_write_int(b, side->operator_row);
    cbor_write_int(b, side->at_s);
    cbor_write_bytes(b, side->key);
    cbor_write_bytes(b, side->signature);
}

static void write_certificate(struct buf *b, const struct receipt_certificate *certificate)
{
    if (certificate->row == 0) {
        cbor_write_null(b);
        return;
    }
    cbor_write_array(b, 3);
    cbor_write_int(b, certificate->row);
    cbor_write_bytes(b, certificate->serial);
    cbor_write_bytes(b, certificate->digest);
}

void receipt_write(struct buf *b, const struct receipt *receipt)
{
    cbor_write_array(b, PARTS);
    cbor_write_uint(b, FORMAT);
    cbor_write_uint(b, receipt->transfer);
    cbor_write_int(b, receipt->device);
    cbor_write_text(b, receipt->product);
    cbor_write_text(b, receipt->serial_number);
    cbor_write_text(b, receipt->from);
    cbor_write_text(b, receipt->to);
    cbor_write_bytes(b, receipt->body_hash);
    write_side(b, &receipt->released);
    write_side(b, &receipt->accepted);
    write_certificate(b, &receipt->before);
    write_certificate(b, &receipt->after);
    cbor_write_int(b, receipt->done_s);
}

// ---- in an entry -------------------------------------------------------------------------------

static void look_into_cells(struct reader *r, bool is_transfer, struct bytes *ret)
{
    struct cbor_map map = cbor_read_map(r);
    struct cbor_key key;
    while (cbor_map_next(&map, r, &key)) {
        bool is_it = is_transfer && !key.is_text && key.number == RECEIPT_COLUMN;
        expect(r, !is_it || ret->n == 0, "receipt: one in an entry");
        if (is_it)
            *ret = cbor_read_bytes(r);
        else
            cbor_skip(r);
    }
}

static void look_into_changes(struct reader *r, struct bytes *ret)
{
    for (size_t n = cbor_read_array(r); n > 0 && reader_ok(r); n--) {
        expect(r, cbor_read_array(r) == 3, "receipt: a change is table, row and columns");
        bool is_transfer = cbor_read_uint(r) == RECEIPT_TABLE;
        (void)cbor_read_int(r);
        look_into_cells(r, is_transfer, ret);
    }
}

bool receipt_in_entry(struct bytes entry, struct bytes *ret, const char **ret_why)
{
    struct reader r = reader_of(entry);
    struct cbor_map map = cbor_read_map(&r);
    struct cbor_key key;
    struct bytes found = {0};
    while (cbor_map_next(&map, &r, &key)) {
        if (!key.is_text && key.number == CHANGES_KEY)
            look_into_changes(&r, &found);
        else
            cbor_skip(&r);
    }
    expect(&r, found.n > 0, "receipt: one in the entry");
    if (!reader_end(&r)) {
        *ret_why = r.why;
        return false;
    }
    *ret = found;
    return true;
}

// ---- against what was signed -------------------------------------------------------------------

static bool is_text(const struct approval_value *value, struct bytes text)
{
    return value->type == CBOR_TEXT && bytes_equal(value->bytes, text);
}

static bool has_parameter(const struct approval *approval, struct bytes name, struct bytes text)
{
    struct reader walk = approval_walk(approval->parameters);
    struct approval_value value;
    struct bytes found;
    while (approval_next_pair(&walk, &found, &value))
        if (bytes_equal(found, name))
            return is_text(&value, text);
    return false;
}

static bool says_change(const struct approval *approval, const struct receipt *receipt)
{
    struct reader walk = approval_walk(approval->changes);
    struct approval_change change, more;
    return approval_next_change(&walk, &change) && !approval_next_change(&walk, &more) &&
           bytes_equal(change.table, bytes_text("device")) && change.row == receipt->device &&
           bytes_equal(change.column, bytes_text("owner")) &&
           is_text(&change.before, receipt->from) && is_text(&change.after, receipt->to);
}

bool receipt_fits(const struct receipt *receipt, struct bytes body, const char **ret_why)
{
    struct approval approval;
    if (!approval_read(body, &approval, ret_why))
        return false;
    *ret_why = "receipt: signed bytes that speak of this transfer, device and owners";
    return bytes_equal(approval.kind, bytes_text("transfer_release")) &&
           approval.number == receipt->transfer &&
           has_parameter(&approval, bytes_text("product"), receipt->product) &&
           has_parameter(&approval, bytes_text("serial_number"), receipt->serial_number) &&
           has_parameter(&approval, bytes_text("to_owner"), receipt->to) &&
           says_change(&approval, receipt);
}
