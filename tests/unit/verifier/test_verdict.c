// The closed list of verdicts: an ABI.
#include <troth/same.h>
#include <troth/verdict.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum troth_verdict number;
    const char *name;
} rows[] = {
#define VERDICT(number, name, rule) {TROTH_##name, #name},
#include <troth/verdicts.def>
#undef VERDICT
};
#define ROWS (sizeof rows / sizeof rows[0])

static void numbers_follow_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(rows[i].number, i + 1);
}

static void each_has_its_name_and_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_string_equal(troth_verdict_name(rows[i].number), rows[i].name);
        assert_true(strlen(troth_verdict_rule(rows[i].number)) > 10);
    }
    assert_string_equal(troth_verdict_name(TROTH_VALID), "VALID");
    assert_string_equal(troth_verdict_name(TROTH_UNJUDGED), "UNJUDGED");
    assert_string_equal(troth_verdict_name((enum troth_verdict)(ROWS + 1)), "UNKNOWN");
}

// What a device writes down is read by what comes later: these numbers stay.
static void numbers_are_those_that_were_given_out(void **state)
{
    (void)state;
    assert_int_equal(TROTH_VALID, 0x3ca5);
    assert_int_equal(TROTH_BAD_SIGNATURE, 4);
    assert_int_equal(TROTH_BELOW_FLOOR, 12);
    assert_int_equal(TROTH_OLDER_COUNTER, 17);
    assert_int_equal(TROTH_WRONG_IMAGE, 23);
    assert_int_equal(TROTH_SUSPENDED, 37);
}

// No verdict is one or two flipped bits from valid.
static void valid_is_far_from_every_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_true(__builtin_popcount(rows[i].number ^ (unsigned)TROTH_VALID) > 2);
    assert_true(__builtin_popcount(TROTH_VALID) > 2);
}

static void valid_only_where_both_are(void **state)
{
    const enum troth_verdict some[] = {TROTH_VALID, TROTH_UNJUDGED, TROTH_MALFORMED, TROTH_FAULT};
    (void)state;
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = 0; b < 4; b++) {
            enum troth_verdict wanted = some[a] != TROTH_VALID ? some[a] : some[b];
            assert_int_equal(both(some[a], some[b]), wanted);
        }
    }
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_equal(valid_if_zero(1u << bit, TROTH_WRONG_DIGEST), TROTH_WRONG_DIGEST);
    assert_int_equal(valid_if_zero(0, TROTH_WRONG_DIGEST), TROTH_VALID);
}

static void octets_that_differ_in_a_bit_differ(void **state)
{
    uint8_t a[40] = {0}, b[40] = {0};
    (void)state;
    assert_int_equal(octets_differ(a, b, sizeof a), 0);
    assert_int_equal(octets_differ(a, b, 0), 0);
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        a[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_int_not_equal(octets_differ(a, b, sizeof a), 0);
        a[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_follow_each_other),
        cmocka_unit_test(each_has_its_name_and_a_rule),
        cmocka_unit_test(numbers_are_those_that_were_given_out),
        cmocka_unit_test(valid_is_far_from_every_other),
        cmocka_unit_test(valid_only_where_both_are),
        cmocka_unit_test(octets_that_differ_in_a_bit_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
