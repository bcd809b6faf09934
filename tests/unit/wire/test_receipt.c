// The receipt of a transfer: its bytes, where it stands in an entry, and what it must fit.
#include <wire/approval.h>
#include <wire/receipt.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t hash[32] = {1, 2, 3};

static struct receipt sample(void)
{
    return (struct receipt){
        .transfer = 9,
        .device = 7,
        .product = bytes_text("pump"),
        .serial_number = bytes_text("SN-1"),
        .from = bytes_text("seller"),
        .to = bytes_text("buyer"),
        .body_hash = bytes_of(hash, sizeof hash),
        .released = {2, 100, bytes_text("key"), bytes_text("signature")},
        .accepted = {3, 200, bytes_text("other"), bytes_text("signed")},
        .before = {11, bytes_text("serial"), bytes_of(hash, sizeof hash)},
        .after = {12, bytes_text("number"), bytes_of(hash, sizeof hash)},
        .done_s = 300,
    };
}

static struct bytes written(const struct receipt *receipt, uint8_t space[RECEIPT_MAX])
{
    struct buf b = buf_over(space, RECEIPT_MAX);
    receipt_write(&b, receipt);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void put_pair(struct buf *b, struct bytes name, struct bytes value)
{
    cbor_write_array(b, 2);
    cbor_write_text(b, name);
    cbor_write_text(b, value);
}

/* What both sides sign, of this receipt. */
static struct bytes body_of(const struct receipt *receipt, uint8_t space[512])
{
    struct buf parameters = buf_over(space, 128), changes = buf_over(space + 128, 128);
    struct buf body = buf_over(space + 256, 256);
    cbor_write_array(&parameters, 3);
    put_pair(&parameters, bytes_text("product"), receipt->product);
    put_pair(&parameters, bytes_text("serial_number"), receipt->serial_number);
    put_pair(&parameters, bytes_text("to_owner"), receipt->to);
    cbor_write_array(&changes, 1);
    cbor_write_array(&changes, 5);
    cbor_write_text(&changes, bytes_text("device"));
    cbor_write_int(&changes, receipt->device);
    cbor_write_text(&changes, bytes_text("owner"));
    cbor_write_text(&changes, receipt->from);
    cbor_write_text(&changes, receipt->to);
    const struct approval approval = {
        .kind = bytes_text("transfer_release"),
        .number = receipt->transfer,
        .parameters = buf_bytes(&parameters),
        .changes = buf_bytes(&changes),
        .counts = bytes_text("\x80"),
    };
    approval_write(&body, &approval);
    assert_true(buf_ok(&body));
    return buf_bytes(&body);
}

/* An entry of two changes, the second of this table with the octets in this column. */
static struct bytes entry_with(uint64_t table, uint64_t column, struct bytes octets,
                               uint8_t space[RECEIPT_MAX + 64])
{
    struct buf b = buf_over(space, RECEIPT_MAX + 64);
    cbor_write_map(&b, 2);
    cbor_write_uint(&b, 1);
    cbor_write_uint(&b, 1);
    cbor_write_uint(&b, 8);
    cbor_write_array(&b, 2);
    cbor_write_array(&b, 3);
    cbor_write_uint(&b, 4);
    cbor_write_int(&b, 7);
    cbor_write_map(&b, 1);
    cbor_write_uint(&b, 3);
    cbor_write_text(&b, bytes_text("buyer"));
    cbor_write_array(&b, 3);
    cbor_write_uint(&b, table);
    cbor_write_int(&b, 9);
    cbor_write_map(&b, 1);
    cbor_write_uint(&b, column);
    cbor_write_bytes(&b, octets);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static void every_part_of_it_is_refused_alone(void **state)
{
    (void)state;
    uint8_t space[RECEIPT_MAX];
    struct receipt receipt = sample();
    struct bytes whole = written(&receipt, space);
    for (size_t n = 0; n < whole.n; n++) {
        const char *why = NULL;
        assert_false(receipt_read(bytes_of(whole.p, n), &receipt, &why));
        assert_non_null(why);
    }
}

static void trailing_bytes_and_another_format_are_refused(void **state)
{
    (void)state;
    uint8_t space[RECEIPT_MAX + 1];
    const char *why = NULL;
    struct receipt receipt = sample();
    struct bytes whole = written(&receipt, space);
    space[whole.n] = 0;
    assert_false(receipt_read(bytes_of(whole.p, whole.n + 1), &receipt, &why));
    space[1] = 2;
    assert_false(receipt_read(whole, &receipt, &why));
    assert_string_equal(why, "receipt: format 1");
}

static void a_hash_of_another_length_is_refused(void **state)
{
    (void)state;
    uint8_t space[RECEIPT_MAX];
    const char *why = NULL;
    struct receipt receipt = sample();
    receipt.body_hash.n = 31;
    assert_false(receipt_read(written(&receipt, space), &receipt, &why));
    receipt = sample();
    receipt.after.digest.n = 0;
    assert_false(receipt_read(written(&receipt, space), &receipt, &why));
}

static void it_says_what_was_written(void **state)
{
    (void)state;
    uint8_t space[RECEIPT_MAX], again[RECEIPT_MAX];
    const char *why = NULL;
    struct receipt receipt = sample(), read;
    struct bytes whole = written(&receipt, space);
    assert_true(receipt_read(whole, &read, &why));
    assert_int_equal(read.accepted.operator_row, 3);
    assert_int_equal(read.before.row, 11);
    assert_true(bytes_equal(written(&read, again), whole));
    receipt.before = (struct receipt_certificate){0}; /* it never had one */
    whole = written(&receipt, space);
    assert_true(receipt_read(whole, &read, &why));
    assert_int_equal(read.before.row, 0);
    assert_true(bytes_equal(written(&read, again), whole));
}

static void it_is_found_in_its_entry_and_in_no_other(void **state)
{
    (void)state;
    uint8_t space[RECEIPT_MAX], around[RECEIPT_MAX + 64];
    const char *why = NULL;
    struct receipt receipt = sample();
    struct bytes whole = written(&receipt, space), found = {0};
    assert_true(
        receipt_in_entry(entry_with(RECEIPT_TABLE, RECEIPT_COLUMN, whole, around), &found, &why));
    assert_true(bytes_equal(found, whole));
    assert_false(receipt_in_entry(entry_with(4, RECEIPT_COLUMN, whole, around), &found, &why));
    assert_false(receipt_in_entry(entry_with(RECEIPT_TABLE, 8, whole, around), &found, &why));
    assert_string_equal(why, "receipt: one in the entry");
    struct bytes entry = entry_with(RECEIPT_TABLE, RECEIPT_COLUMN, whole, around);
    assert_false(receipt_in_entry(bytes_of(entry.p, entry.n - 1), &found, &why));
}

static void it_fits_the_bytes_that_say_the_same_and_no_others(void **state)
{
    (void)state;
    uint8_t space[512];
    const char *why = NULL;
    const struct receipt good = sample();
    struct bytes body = body_of(&good, space);
    assert_true(receipt_fits(&good, body, &why));
    struct receipt bad[7];
    for (size_t i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].transfer++;
    bad[1].device++;
    bad[2].product = bytes_text("pum");
    bad[3].serial_number = bytes_text("SN-2");
    bad[4].from = bytes_text("thief");
    bad[5].to = bytes_text("thief");
    bad[6].to = bytes_text("");
    for (size_t i = 0; i < 7; i++)
        assert_false(receipt_fits(&bad[i], body, &why));
    assert_false(receipt_fits(&good, bytes_of(body.p, body.n - 1), &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_it_is_refused_alone),
        cmocka_unit_test(trailing_bytes_and_another_format_are_refused),
        cmocka_unit_test(a_hash_of_another_length_is_refused),
        cmocka_unit_test(it_says_what_was_written),
        cmocka_unit_test(it_is_found_in_its_entry_and_in_no_other),
        cmocka_unit_test(it_fits_the_bytes_that_say_the_same_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
