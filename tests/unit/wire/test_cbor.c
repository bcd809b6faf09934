#include "fixture.h"

#include <wire/cbor.h>

static bool is_accepted(struct bytes b, const char **why)
{
    struct reader r = reader_of(b);
    cbor_skip(&r);
    bool ok = reader_end(&r);
    *why = r.why;
    return ok;
}

static void what_is_not_deterministic_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *why;
    } rows[] = {
        {"", "missing"},
        {"0000", "left over"},
        {"1817", "shortest"},
        {"1900ff", "shortest"},
        {"1a0000ffff", "shortest"},
        {"1b00000000ffffffff", "shortest"},
        {"3800", "shortest"},
        {"5801", "shortest"},
        {"18", "too early"},
        {"1900", "too early"},
        {"1c", "reserved"},
        {"1f", "reserved"},
        {"5f4100ff", "indefinite"},
        {"7f6161ff", "indefinite"},
        {"9f00ff", "indefinite"},
        {"bf6161 00ff", "indefinite"},
        {"ff", "not accepted"},
        {"f7", "not accepted"},   // undefined
        {"f0", "not accepted"},   // simple(16)
        {"f8ff", "not accepted"}, // simple(255)
        {"f90000", "not accepted"},
        {"fa47c35000", "not accepted"},
        {"fb3ff199999999999a", "not accepted"},
        {"3bffffffffffffffff", "64 bits"}, // -2^64
        {"4201", "longer"},
        {"5b7fffffffffffffff00", "longer"},
        {"61ff", "UTF-8"},
        {"8201", "more elements"},
        {"9b7fffffffffffffff", "more elements"},
        {"a26161 00", "more elements"},
        {"a16161", "missing"},
        {"bb7fffffffffffffff", "more elements"},
        {"a2 02 00 01 00", "sorted"},
        {"a2 01 00 01 00", "unique"},
        {"a2 6162 00 6161 00", "sorted"},
        {"a2 626161 00 6162 00", "sorted"}, // the longer key has the higher head
        {"a2 20 00 01 00", "sorted"},
        {"a1 4101 00", "another type"},
        {"a1 80 00", "another type"},
        {"a1 f5 00", "another type"},
        {"c1", "missing"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why = NULL;
        if (is_accepted(from_hex(rows[i].hex), &why))
            fail_msg("%s was accepted", rows[i].hex);
        assert_why(why, rows[i].why);
    }
}

static void nesting_is_followed_to_its_limit_only(void **state)
{
    (void)state;
    uint8_t deep[CBOR_DEPTH_MAX + 2];
    const char *why = NULL;
    memset(deep, 0x81, sizeof(deep));
    deep[CBOR_DEPTH_MAX] = 0;
    assert_true(is_accepted(bytes_of(deep, CBOR_DEPTH_MAX + 1), &why));
    deep[CBOR_DEPTH_MAX] = 0x81;
    deep[CBOR_DEPTH_MAX + 1] = 0;
    assert_false(is_accepted(bytes_of(deep, CBOR_DEPTH_MAX + 2), &why));
    assert_why(why, "deeper");
}

static void another_type_than_wanted_is_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("01"));
    assert_int_equal(cbor_read_bytes(&r).n, 0);
    assert_false(reader_ok(&r));
    r = reader_of(from_hex("20"));
    assert_int_equal(cbor_read_uint(&r), 0);
    assert_false(reader_ok(&r));
    r = reader_of(from_hex("01"));
    assert_false(cbor_read_bool(&r));
    assert_false(reader_ok(&r));
    r = reader_of(from_hex("f5"));
    cbor_read_null(&r);
    assert_false(reader_ok(&r));
    r = reader_of(from_hex("1b8000000000000000"));
    assert_int_equal(cbor_read_int(&r), 0);
    assert_why(r.why, "64 bits");
}

// RFC 8949 appendix A, as far as it is within what is accepted.
static void the_vectors_of_the_rfc_are_accepted(void **state)
{
    (void)state;
    static const char *const vectors[] = {
        "00",
        "01",
        "0a",
        "17",
        "1818",
        "1819",
        "1864",
        "1903e8",
        "1a000f4240",
        "1b000000e8d4a51000",
        "1bffffffffffffffff",
        "20",
        "29",
        "3863",
        "3903e7",
        "f4",
        "f5",
        "f6",
        "c074323031332d30332d32315432303a30343a30305a",
        "c11a514b67b0",
        "d74401020304",
        "d818456449455446",
        "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
        "40",
        "4401020304",
        "60",
        "6161",
        "6449455446",
        "62225c",
        "62c3bc",
        "63e6b0b4",
        "64f0908591",
        "80",
        "83010203",
        "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "a0",
        "a201020304",
        "a26161016162820203",
        "826161a161626163",
        "a56161614161626142616361436164614461656145",
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *why = NULL;
        if (!is_accepted(from_hex(vectors[i]), &why))
            fail_msg("%s was refused: %s", vectors[i], why);
    }
}

static void numbers_come_back(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *hex;
    } rows[] = {
        {0, "00"},
        {23, "17"},
        {24, "1818"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {4294967295, "1affffffff"},
        {4294967296, "1b0000000100000000"},
        {INT64_MAX, "1b7fffffffffffffff"},
        {-1, "20"},
        {-24, "37"},
        {-25, "3818"},
        {-1000, "3903e7"},
        {INT64_MIN, "3b7fffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t memory[16];
        struct buf b = buf_over(memory, sizeof(memory));
        cbor_write_int(&b, rows[i].value);
        assert_bytes(buf_bytes(&b), from_hex(rows[i].hex));
        struct reader r = reader_of(buf_bytes(&b));
        assert_true(cbor_read_int(&r) == rows[i].value);
        assert_true(reader_end(&r));
    }
}

static void a_map_is_walked_by_its_keys(void **state)
{
    (void)state;
    uint8_t memory[128];
    struct buf b = buf_over(memory, sizeof(memory));
    cbor_write_map(&b, 4);
    cbor_write_uint(&b, 1);
    cbor_write_bytes(&b, bytes_text("bytes"));
    cbor_write_int(&b, -2);
    cbor_write_bool(&b, true);
    cbor_write_text(&b, bytes_text("a"));
    cbor_write_tag(&b, 1);
    cbor_write_uint(&b, 1363896240);
    cbor_write_text(&b, bytes_text("bb"));
    cbor_write_array(&b, 1);
    cbor_write_null(&b);

    struct reader r = reader_of(buf_bytes(&b));
    struct cbor_key key;
    struct cbor_map map = cbor_read_map(&r);
    assert_true(cbor_map_next(&map, &r, &key) && !key.is_text && key.number == 1);
    assert_text(cbor_read_bytes(&r), "bytes");
    assert_true(cbor_map_next(&map, &r, &key) && !key.is_text && key.number == -2);
    assert_true(cbor_read_bool(&r));
    assert_true(cbor_map_next(&map, &r, &key) && key.is_text);
    assert_text(key.text, "a");
    assert_int_equal(cbor_peek(&r), CBOR_TAG);
    assert_int_equal(cbor_read_tag(&r), 1);
    assert_int_equal(cbor_read_uint(&r), 1363896240);
    assert_true(cbor_map_next(&map, &r, &key) && key.is_text);
    assert_int_equal(cbor_read_array(&r), 1);
    cbor_read_null(&r);
    assert_false(cbor_map_next(&map, &r, &key));
    assert_true(reader_end(&r));
}

static void a_map_out_of_order_ends_the_walk(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("a2 05 00 04 00"));
    struct cbor_map map = cbor_read_map(&r);
    struct cbor_key key;
    assert_true(cbor_map_next(&map, &r, &key));
    cbor_skip(&r);
    assert_false(cbor_map_next(&map, &r, &key));
    assert_why(r.why, "4.2.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_deterministic_is_refused),
        cmocka_unit_test(nesting_is_followed_to_its_limit_only),
        cmocka_unit_test(another_type_than_wanted_is_refused),
        cmocka_unit_test(the_vectors_of_the_rfc_are_accepted),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(a_map_is_walked_by_its_keys),
        cmocka_unit_test(a_map_out_of_order_ends_the_walk),
    };
    return cmocka_run_group_tests_name("wire/cbor", tests, NULL, NULL);
}
