#include "fixture.h"

#include <wire/utf8.h>

static void malformed_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "80",    "bf",          "c0 80",       "c1 bf",       "c2",
        "c2 41", "e0 80 80",    "e0 9f bf",    "ed a0 80",    "ed bf bf",
        "e2 82", "f0 80 80 80", "f0 8f bf bf", "f4 90 80 80", "f5 80 80 80",
        "fe",    "ff",          "f0 90 80",    "f0 90 80 41", "41 e2 82 41",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(utf8_is_valid(from_hex(bad[i])));
}

static void well_formed_text_is_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "00",
        "7f",
        "c2 80",
        "df bf",
        "e0 a0 80",
        "ed 9f bf",
        "ee 80 80",
        "ef bf bf",
        "e2 82 ac",
        "f0 90 80 80",
        "f4 8f bf bf",
        "41 c3 a9 e2 82 ac f0 9f 98 80 42",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(utf8_is_valid(from_hex(good[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(well_formed_text_is_accepted),
    };
    return cmocka_run_group_tests_name("wire/utf8", tests, NULL, NULL);
}
