#include "fixture.h"

#include <wire/der.h>

static bool read_text(uint8_t tag, const char *text, int64_t *ret_s, const char **ret_why)
{
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    der_write(&b, tag, bytes_of(text, strlen(text)));
    struct reader r = reader_of(buf_bytes(&b));
    bool ok = der_read_time(&r, ret_s) && reader_end(&r);
    *ret_why = r.why;
    return ok;
}

static void other_forms_than_the_profile_allows_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
    } bad[] = {
        {DER_UTC_TIME, ""},
        {DER_UTC_TIME, "2611010000Z"},  // no seconds
        {DER_UTC_TIME, "261101000000"}, // no Z
        {DER_UTC_TIME, "261101000000+0000"},
        {DER_UTC_TIME, "261101000000z"},
        {DER_UTC_TIME, "26110100000-Z"},
        {DER_UTC_TIME, "20261101000000Z"},
        {DER_UTC_TIME, "261301000000Z"},
        {DER_UTC_TIME, "260001000000Z"},
        {DER_UTC_TIME, "261100000000Z"},
        {DER_UTC_TIME, "260229000000Z"}, // 2026 is no leap year
        {DER_UTC_TIME, "260431000000Z"},
        {DER_UTC_TIME, "261101240000Z"},
        {DER_UTC_TIME, "261101006000Z"},
        {DER_UTC_TIME, "261101000060Z"},
        {DER_GENERALIZED_TIME, "20261101000000Z"}, // before 2050
        {DER_GENERALIZED_TIME, "20491231235959Z"},
        {DER_GENERALIZED_TIME, "20500101000000.5Z"},
        {DER_GENERALIZED_TIME, "205001010000Z"},
        {DER_GENERALIZED_TIME, "21000229000000Z"}, // 2100 is no leap year
        {DER_OCTET_STRING, "261101000000Z"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t at_s = 1;
        const char *why = NULL;
        if (read_text(bad[i].tag, bad[i].text, &at_s, &why))
            fail_msg("'%s' was accepted", bad[i].text);
        assert_int_equal(at_s, 0);
        assert_non_null(why);
    }
}

static void times_outside_the_calendar_are_not_written(void **state)
{
    (void)state;
    static const int64_t bad[] = {INT64_MIN, -631152001, DER_TIME_NO_EXPIRY + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t memory[32];
        struct buf b = buf_over(memory, sizeof(memory));
        der_write_time(&b, bad[i]);
        assert_false(buf_ok(&b));
    }
}

static void known_instants_hold_in_both_directions(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int64_t at_s;
    } good[] = {
        {DER_UTC_TIME, "700101000000Z", 0},
        {DER_UTC_TIME, "500101000000Z", -631152000},
        {DER_UTC_TIME, "691231235959Z", -1},
        {DER_UTC_TIME, "000229120000Z", 951825600},
        {DER_UTC_TIME, "261123020304Z", 1795399384},
        {DER_UTC_TIME, "491231235959Z", INT64_C(2524607999)},
        {DER_GENERALIZED_TIME, "20500101000000Z", INT64_C(2524608000)},
        {DER_GENERALIZED_TIME, "24000229000000Z", INT64_C(13574563200)},
        {DER_GENERALIZED_TIME, "99991231235959Z", DER_TIME_NO_EXPIRY},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t at_s;
        const char *why;
        uint8_t memory[32], wanted_memory[32];
        struct buf b = buf_over(memory, sizeof(memory)), wanted = buf_over(wanted_memory, 32);
        assert_true(read_text(good[i].tag, good[i].text, &at_s, &why));
        assert_int_equal(at_s, good[i].at_s);
        der_write_time(&b, at_s);
        der_write(&wanted, good[i].tag, bytes_of(good[i].text, strlen(good[i].text)));
        assert_bytes(buf_bytes(&b), buf_bytes(&wanted));
    }
}

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
    (void)state;
    for (int64_t at_s = -62167219200; at_s <= DER_TIME_NO_EXPIRY; at_s += 86400 * 3 + 4567) {
        uint8_t memory[32];
        struct buf b = buf_over(memory, sizeof(memory));
        int64_t back;
        der_write_generalized(&b, at_s);
        struct reader r = reader_of(buf_bytes(&b));
        assert_true(der_read_generalized(&r, &back));
        assert_int_equal(back, at_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_forms_than_the_profile_allows_are_refused),
        cmocka_unit_test(times_outside_the_calendar_are_not_written),
        cmocka_unit_test(known_instants_hold_in_both_directions),
        cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
    };
    return cmocka_run_group_tests_name("wire/der_time", tests, NULL, NULL);
}
