// The canonical bytes of acts that take two people.
#include <wire/approval.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bytes sample(uint8_t space[512])
{
    static const uint8_t spki[] = {0x30, 0x00, 0xff};
    struct buf parameters = buf_over(space, 64), changes = buf_over(space + 64, 64);
    struct buf body = buf_over(space + 128, 384);
    cbor_write_array(&parameters, 2);
    cbor_write_array(&parameters, 2);
    cbor_write_text(&parameters, bytes_text("name"));
    approval_write_octets(&parameters, bytes_text("pump"));
    cbor_write_array(&parameters, 2);
    cbor_write_text(&parameters, bytes_text("spki"));
    approval_write_octets(&parameters, bytes_of(spki, sizeof spki));
    cbor_write_array(&changes, 1);
    cbor_write_array(&changes, 5);
    cbor_write_text(&changes, bytes_text("product"));
    cbor_write_int(&changes, 7);
    cbor_write_text(&changes, bytes_text("grace_s"));
    cbor_write_null(&changes);
    cbor_write_int(&changes, -3);
    const struct approval approval = {
        .kind = bytes_text("product_set"),
        .number = 9,
        .requester = 1,
        .created_s = 100,
        .expires_s = 200,
        .parameters = buf_bytes(&parameters),
        .changes = buf_bytes(&changes),
        .counts = bytes_text("\x80"),
    };
    approval_write(&body, &approval);
    assert_true(buf_ok(&body));
    return buf_bytes(&body);
}

static void every_part_of_it_is_refused_alone(void **state)
{
    (void)state;
    uint8_t space[512];
    struct approval approval;
    const char *why = NULL;
    struct bytes body = sample(space);
    for (size_t n = 0; n < body.n; n++) {
        why = NULL;
        assert_false(approval_read(bytes_of(body.p, n), &approval, &why));
        assert_non_null(why);
    }
}

static void trailing_bytes_are_refused(void **state)
{
    (void)state;
    uint8_t space[512];
    struct approval approval;
    const char *why = NULL;
    struct bytes body = sample(space);
    ((uint8_t *)(uintptr_t)body.p)[body.n] = 0;
    assert_false(approval_read(bytes_of(body.p, body.n + 1), &approval, &why));
}

static void another_format_is_refused(void **state)
{
    (void)state;
    uint8_t space[512];
    struct approval approval;
    const char *why = NULL;
    struct bytes body = sample(space);
    ((uint8_t *)(uintptr_t)body.p)[1] = 2;
    assert_false(approval_read(body, &approval, &why));
    assert_string_equal(why, "approval: format 1");
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    uint8_t space[512];
    struct approval approval;
    const char *why = NULL;
    assert_true(approval_read(sample(space), &approval, &why));
    assert_true(bytes_equal(approval.kind, bytes_text("product_set")));
    assert_int_equal(approval.number, 9);
    assert_int_equal(approval.expires_s, 200);

    struct reader walk = approval_walk(approval.parameters);
    struct bytes name;
    struct approval_value value;
    assert_true(approval_next_pair(&walk, &name, &value));
    assert_true(bytes_equal(name, bytes_text("name")) && value.type == CBOR_TEXT);
    assert_true(approval_next_pair(&walk, &name, &value));
    assert_int_equal(value.type, CBOR_BYTES);
    assert_false(approval_next_pair(&walk, &name, &value));

    struct approval_change change;
    walk = approval_walk(approval.changes);
    assert_true(approval_next_change(&walk, &change));
    assert_int_equal(change.row, 7);
    assert_int_equal(change.before.type, CBOR_NULL);
    assert_int_equal(change.after.number, -3);
    assert_false(approval_next_change(&walk, &change));
}

static void octets_are_text_where_people_can_read_them(void **state)
{
    (void)state;
    static const struct {
        struct bytes octets;
        uint8_t head;
    } cases[] = {
        {BYTES_TEXT_INIT(""), 0x60},         {BYTES_TEXT_INIT("caf\xc3\xa9"), 0x65},
        {BYTES_TEXT_INIT("a\nb"), 0x43},     {BYTES_TEXT_INIT("\x7f"), 0x41},
        {BYTES_TEXT_INIT("\xff\xfe"), 0x42}, {BYTES_TEXT_INIT("a\0b"), 0x43},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t space[16];
        struct buf b = buf_over(space, sizeof space);
        approval_write_octets(&b, cases[i].octets);
        assert_int_equal(space[0], cases[i].head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_it_is_refused_alone),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(another_format_is_refused),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(octets_are_text_where_people_can_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
