#include "fixture.h"

#include <wire/hex.h>

static void assert_refused(struct bytes text)
{
    uint8_t memory[16];
    struct buf b = buf_over(memory, sizeof(memory));
    buf_put_u8(&b, 7);
    assert_false(hex_decode(&b, text));
    assert_int_equal(b.n, 1);
    assert_true(buf_ok(&b));
}

static void what_is_not_hexadecimal_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0",  "abc",  "0g", "g0", "0x00", " 00",  "00 ",
                                      "0:", "00\n", "/0", "@0", "`0",   "\3770"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bytes_of(bad[i], strlen(bad[i])));
    assert_refused(bytes_text("0\0"));
}

static void too_little_room_is_refused(void **state)
{
    (void)state;
    uint8_t memory[3];
    struct buf b = buf_over(memory, 2);
    assert_false(hex_decode(&b, bytes_text("010203")));
    assert_true(buf_ok(&b));
    b = buf_over(memory, 3);
    hex_encode(&b, bytes_text("ab"));
    assert_false(buf_ok(&b));
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    uint8_t all[256], text_memory[512], back_memory[256];
    for (size_t i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    struct buf text = buf_over(text_memory, sizeof(text_memory));
    struct buf back = buf_over(back_memory, sizeof(back_memory));
    hex_encode(&text, bytes_of(all, 256));
    assert_text(bytes_slice(buf_bytes(&text), 506, 6), "fdfeff");
    assert_true(hex_decode(&back, buf_bytes(&text)));
    assert_bytes(buf_bytes(&back), bytes_of(all, 256));
}

static void both_cases_are_read(void **state)
{
    (void)state;
    uint8_t memory[4];
    struct buf b = buf_over(memory, sizeof(memory));
    assert_true(hex_decode(&b, bytes_text("AbcDeF09")));
    assert_bytes(buf_bytes(&b), bytes_text("\xab\xcd\xef\x09"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_hexadecimal_is_refused),
        cmocka_unit_test(too_little_room_is_refused),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(both_cases_are_read),
    };
    return cmocka_run_group_tests_name("wire/hex", tests, NULL, NULL);
}
