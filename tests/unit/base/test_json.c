/* What is written reads as the same, by jansson. */
#include <base/json.h>
#include <base/result.h>
#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static void every_octet_makes_a_string_that_reads(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        char room[64];
        uint8_t octet = (uint8_t)c;
        struct buf to = buf_over(room, sizeof room);
        json_put_text(&to, bytes_of(&octet, 1));
        assert_true(buf_ok(&to));
        json_t *read = json_loadb(room, to.n, JSON_DECODE_ANY, NULL);
        assert_non_null(read);
        const char *text = json_string_value(read);
        if (c < 0x80) /* else it is U+00NN */
            assert_int_equal((unsigned char)text[0], c);
        else
            assert_int_equal(json_string_length(read), 2);
        json_decref(read);
    }
}

static void utf8_stands_as_it_is(void **state)
{
    (void)state;
    char room[64];
    struct buf to = buf_over(room, sizeof room);
    json_put_text(&to, bytes_text("a\xc3\xb6\"\\\n"));
    assert_true(bytes_equal(buf_bytes(&to), bytes_text("\"a\xc3\xb6\\\"\\\\\\u000a\"")));
}

static void members_are_an_object(void **state)
{
    (void)state;
    char room[256];
    struct buf to = buf_over(room, sizeof room);
    buf_put_u8(&to, '{');
    json_member_text(&to, "a", bytes_text("{"));
    json_member_object(&to, "b");
    json_member_number(&to, "c", INT64_MIN);
    json_member_instant(&to, "d", 1795000000);
    json_member_instant(&to, "e", 0);
    buf_put_bytes(&to, bytes_text("}}"));
    assert_true(
        bytes_equal(buf_bytes(&to), bytes_text("{\"a\":\"{\",\"b\":{\"c\":-9223372036854775808,"
                                               "\"d\":\"2026-11-18T11:06:40Z\",\"e\":null}}")));
    json_t *read = json_loadb(room, to.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(read);
    json_decref(read);
}

static void what_has_no_room_is_said(void **state)
{
    (void)state;
    char room[4];
    struct buf to = buf_over(room, sizeof room);
    json_put_text(&to, bytes_text("abcdef"));
    assert_false(buf_ok(&to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_makes_a_string_that_reads),
        cmocka_unit_test(utf8_stands_as_it_is),
        cmocka_unit_test(members_are_an_object),
        cmocka_unit_test(what_has_no_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
