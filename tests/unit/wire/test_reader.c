#include "fixture.h"

#include <wire/reader.h>

static void a_failed_reader_gives_zeros_and_keeps_its_first_reason(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes_text("\x01\x02\x03"));
    assert_int_equal(reader_u32be(&r), 0);
    assert_false(reader_fail(&r, "second reason"));
    assert_why(r.why, "too early");
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_bytes(&r, 1).n, 0);
    assert_int_equal(reader_rest(&r).n, 0);
    assert_false(reader_end(&r));
}

static void bytes_left_over_are_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes_text("\x01\x02"));
    assert_int_equal(reader_u8(&r), 1);
    assert_false(reader_end(&r));
    assert_why(r.why, "left over");
    assert_false(reader_ok(&r));
}

static void absurd_lengths_are_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes_text("\x01\x02"));
    assert_int_equal(reader_bytes(&r, SIZE_MAX).n, 0);
    assert_false(reader_ok(&r));
}

static void nothing_reads_as_nothing(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes_of(NULL, 0));
    assert_int_equal(reader_bytes(&r, 0).n, 0);
    assert_true(reader_end(&r));
}

static void numbers_are_big_endian(void **state)
{
    (void)state;
    struct reader r = reader_of(from_hex("0102030405060708090a0b0c0d0e0f1011"));
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u16be(&r), 0x0203);
    assert_int_equal(reader_u32be(&r), 0x04050607);
    assert_int_equal(reader_u64be(&r), UINT64_C(0x08090a0b0c0d0e0f));
    assert_bytes(reader_rest(&r), from_hex("1011"));
    assert_true(reader_end(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_reader_gives_zeros_and_keeps_its_first_reason),
        cmocka_unit_test(bytes_left_over_are_refused),
        cmocka_unit_test(absurd_lengths_are_refused),
        cmocka_unit_test(nothing_reads_as_nothing),
        cmocka_unit_test(numbers_are_big_endian),
    };
    return cmocka_run_group_tests_name("wire/reader", tests, NULL, NULL);
}
