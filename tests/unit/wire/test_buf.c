#include "fixture.h"

#include <wire/buf.h>

static void a_full_buffer_stays_full_and_gives_nothing(void **state)
{
    (void)state;
    uint8_t memory[3];
    struct buf b = buf_over(memory, sizeof(memory));
    buf_put_u16be(&b, 1);
    buf_put_u16be(&b, 2); // one byte too many
    buf_put_u8(&b, 3);    // would fit, but comes too late
    assert_false(buf_ok(&b));
    assert_int_equal(buf_bytes(&b).n, 0);
    assert_int_equal(b.n, 2);
}

static void a_put_beyond_the_maximum_writes_nothing(void **state)
{
    (void)state;
    uint8_t memory[5] = {0xee, 0xee, 0xee, 0xee, 0xee};
    struct buf b = buf_over(memory, 4);
    buf_put_bytes(&b, bytes_text("12345"));
    assert_false(buf_ok(&b));
    assert_int_equal(memory[0], 0xee);
    assert_null(buf_claim(&b, 0));
}

static void absurd_lengths_do_not_wrap(void **state)
{
    (void)state;
    uint8_t memory[4];
    struct buf b = buf_over(memory, sizeof(memory));
    buf_put_u8(&b, 1);
    assert_null(buf_claim(&b, SIZE_MAX));
    assert_false(buf_ok(&b));
}

static void numbers_are_big_endian(void **state)
{
    (void)state;
    uint8_t memory[32];
    struct buf b = buf_over(memory, sizeof(memory));
    buf_put_u8(&b, 0x01);
    buf_put_u16be(&b, 0x0203);
    buf_put_u32be(&b, 0x04050607);
    buf_put_u64be(&b, UINT64_C(0x08090a0b0c0d0e0f));
    buf_put_zeros(&b, 2);
    buf_put_bytes(&b, bytes_text("z"));
    buf_put_bytes(&b, bytes_of(NULL, 0));
    assert_bytes(buf_bytes(&b), from_hex("0102030405060708090a0b0c0d0e0f00007a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_buffer_stays_full_and_gives_nothing),
        cmocka_unit_test(a_put_beyond_the_maximum_writes_nothing),
        cmocka_unit_test(absurd_lengths_do_not_wrap),
        cmocka_unit_test(numbers_are_big_endian),
    };
    return cmocka_run_group_tests_name("wire/buf", tests, NULL, NULL);
}
