#include "fixture.h"

#include <wire/der.h>
#include <wire/oid.h>

static void lengths_that_are_not_minimal_or_definite_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "04",
        "0480 0000",
        "048100",
        "04817f",
        "0482 0080",
        "0485 0000000001 00",
        "0401",
        "0484 ffffffff 00",
        "04ff",
        "0482 00",
        "1f0100",
        "3f8100",
        "000100",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        uint8_t tag = 9;
        struct bytes content = bytes_text("x");
        assert_false(der_read_any(&r, &tag, &content));
        assert_false(reader_ok(&r));
        assert_int_equal(tag, 0);
        assert_int_equal(content.n, 0);
    }
}

static void another_type_than_wanted_is_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("0401aa"));
    struct bytes content;
    assert_false(der_read(&r, DER_INTEGER, &content));
    assert_why(r.why, "another type");
    assert_int_equal(content.n, 0);
    assert_false(der_is_at(&r, DER_OCTET_STRING)); // nothing is left after a failure
}

static void what_an_element_leaves_over_is_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("3006 020101 020102")), inner;
    uint32_t v;
    assert_true(der_enter(&r, DER_SEQUENCE, &inner));
    assert_true(der_read_small(&inner, &v));
    assert_false(der_leave(&r, &inner));
    assert_why(r.why, "left over");
}

static void a_failure_inside_reaches_the_outside(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("3003 020180")), inner;
    struct bytes v;
    der_enter(&r, DER_SEQUENCE, &inner);
    assert_false(der_read_unsigned(&inner, &v));
    assert_false(der_leave(&r, &inner));
    assert_why(r.why, "negative");
    assert_false(reader_end(&r));
}

static void integers_are_positive_and_minimal(void **state)
{
    (void)state;
    static const char *const bad[] = {"0200",     "020180",   "02020000",
                                      "0202007f", "0202ff80", "0202ffff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        struct bytes v;
        assert_false(der_read_unsigned(&r, &v));
        assert_int_equal(v.n, 0);
    }
    struct reader r = reader_of(from_hex("020100 020200ff 02047fffffff 02050100000000"));
    struct bytes zero, magnitude;
    uint32_t small;
    assert_true(der_read_unsigned(&r, &zero));
    assert_bytes(zero, bytes_text("\0"));
    assert_true(der_read_unsigned(&r, &magnitude));
    assert_bytes(magnitude, from_hex("ff"));
    assert_true(der_read_small(&r, &small));
    assert_int_equal(small, 0x7fffffff);
    assert_false(der_read_small(&r, &small));
    assert_int_equal(small, 0);
}

static void bit_strings_have_no_unused_bits(void **state)
{
    (void)state;
    static const char *const bad[] = {"0300", "03020100", "030101", "030108"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        struct bytes v;
        assert_false(der_read_bits(&r, &v));
    }
    struct reader r = reader_of(from_hex("030200aa"));
    struct bytes v;
    assert_true(der_read_bits(&r, &v));
    assert_bytes(v, from_hex("aa"));
}

static void named_bits_are_minimal(void **state)
{
    (void)state;
    // No count, unused bits set, zeros at the end, wrong counts, more than 16 bits.
    static const char *const bad[] = {"0300",       "030207ff", "03020700", "03020010",
                                      "0303000100", "030101",   "030108",   "0304000000ff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        uint16_t bits;
        if (der_read_named_bits(&r, DER_BIT_STRING, &bits))
            fail_msg("%s was accepted", bad[i]);
    }
    static const struct {
        const char *der;
        uint16_t bits;
    } good[] = {
        {"030100", 0}, {"03020780", 1}, {"03020106", 0x60}, {"0303070080", 0x100}, {"030205a0", 5}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct reader r = reader_of(from_hex(good[i].der));
        uint16_t bits;
        assert_true(der_read_named_bits(&r, DER_BIT_STRING, &bits));
        assert_true(reader_end(&r));
        assert_int_equal(bits, good[i].bits);
        uint8_t memory[8];
        struct buf b = buf_over(memory, sizeof(memory));
        der_write_named_bits(&b, DER_BIT_STRING, bits);
        assert_bytes(buf_bytes(&b), from_hex(good[i].der));
    }
}

static void object_identifiers_are_whole_and_minimal(void **state)
{
    (void)state;
    static const char *const bad[] = {"0600", "060180", "0602802a", "06032a8001", "06022a86"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        struct bytes v;
        if (der_read_oid(&r, &v))
            fail_msg("%s was accepted", bad[i]);
    }
    struct reader r = reader_of(from_hex("0603550403 0603550405"));
    assert_true(der_expect_oid(&r, oid_common_name, "not CN"));
    assert_false(der_expect_oid(&r, oid_common_name, "not CN"));
    assert_string_equal(r.why, "not CN");
}

static void a_default_false_is_never_written_out(void **state)
{
    (void)state;
    static const char *const bad[] = {"010100", "010101", "0100", "0102ffff"};
    bool value;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        assert_false(der_read_default_false(&r, DER_BOOLEAN, &value));
        assert_false(value);
    }
    struct reader absent = reader_of(from_hex("0500")), present = reader_of(from_hex("0101ff"));
    assert_true(der_read_default_false(&absent, DER_BOOLEAN, &value));
    assert_false(value);
    assert_true(der_read_null(&absent));
    assert_true(der_read_default_false(&present, DER_BOOLEAN, &value));
    assert_true(value);
}

static void values_of_any_type_are_held_to_their_type(void **state)
{
    (void)state;
    static const char *const bad[] = {"010102", "02020001", "0300",     "050100", "0600",
                                      "2400",   "2c00",     "0a020001", "0700",   "3480"};
    static const char *const good[] = {"0101ff", "020180",   "030206c0", "0400",   "0500", "06012a",
                                       "0c01ff", "30020000", "3100",     "8001ff", "a000", "4000"};
    uint8_t tag;
    struct bytes content;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reader r = reader_of(from_hex(bad[i]));
        if (der_read_value(&r, &tag, &content))
            fail_msg("%s was accepted", bad[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct reader r = reader_of(from_hex(good[i]));
        if (!der_read_value(&r, &tag, &content) || !reader_end(&r))
            fail_msg("%s was refused: %s", good[i], r.why);
    }
}

static void elements_of_every_length_come_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 127, 128, 129, 255, 256, 257, 65535, 65536, 70000};
    static uint8_t payload[70000], memory[80000];
    memset(payload, 0x5a, sizeof(payload));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct bytes wanted = bytes_of(payload, lengths[i]), seen;
        struct buf b = buf_over(memory, sizeof(memory));
        size_t outer = der_begin(&b, DER_SEQUENCE), inner = der_begin(&b, DER_OCTET_STRING);
        buf_put_bytes(&b, wanted);
        der_end(&b, inner);
        der_end(&b, outer);
        struct reader r = reader_of(buf_bytes(&b)), inside;
        der_enter(&r, DER_SEQUENCE, &inside);
        assert_true(der_read(&inside, DER_OCTET_STRING, &seen));
        assert_true(der_leave(&r, &inside) && reader_end(&r));
        assert_bytes(seen, wanted);
        struct buf direct = buf_over(memory, sizeof(memory));
        size_t whole = b.n;
        size_t mark = der_begin(&direct, DER_SEQUENCE);
        der_write(&direct, DER_OCTET_STRING, wanted);
        der_end(&direct, mark);
        assert_int_equal(direct.n, whole);
    }
}

static void a_writer_without_room_fails_whole(void **state)
{
    (void)state;
    uint8_t memory[200];
    struct bytes content = bytes_of(memory, 130);
    uint8_t small[133];
    for (size_t room = 0; room <= 132; room++) {
        struct buf b = buf_over(small, room);
        size_t mark = der_begin(&b, DER_OCTET_STRING);
        buf_put_bytes(&b, content);
        der_end(&b, mark);
        assert_false(buf_ok(&b));
    }
    struct buf b = buf_over(small, 133);
    der_write(&b, DER_OCTET_STRING, content);
    assert_true(buf_ok(&b));
}

static void unsigned_integers_are_written_minimal(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", "020100"},   {"00", "020100"},   {"0000", "020100"},     {"01", "020101"},
        {"7f", "02017f"}, {"80", "02020080"}, {"000080", "02020080"}, {"0102", "02020102"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t memory[16];
        struct buf b = buf_over(memory, sizeof(memory));
        der_write_unsigned(&b, from_hex(vectors[i][0]));
        assert_bytes(buf_bytes(&b), from_hex(vectors[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_that_are_not_minimal_or_definite_are_refused),
        cmocka_unit_test(another_type_than_wanted_is_refused),
        cmocka_unit_test(what_an_element_leaves_over_is_refused),
        cmocka_unit_test(a_failure_inside_reaches_the_outside),
        cmocka_unit_test(integers_are_positive_and_minimal),
        cmocka_unit_test(bit_strings_have_no_unused_bits),
        cmocka_unit_test(named_bits_are_minimal),
        cmocka_unit_test(object_identifiers_are_whole_and_minimal),
        cmocka_unit_test(a_default_false_is_never_written_out),
        cmocka_unit_test(values_of_any_type_are_held_to_their_type),
        cmocka_unit_test(elements_of_every_length_come_back),
        cmocka_unit_test(a_writer_without_room_fails_whole),
        cmocka_unit_test(unsigned_integers_are_written_minimal),
    };
    return cmocka_run_group_tests_name("wire/der", tests, NULL, NULL);
}
