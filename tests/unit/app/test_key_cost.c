#include <app/key_cost.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_kind_that_is_none_is_not_measured(void **state)
{
    (void)state;
    struct key_cost_rate rate = {0};
    assert_int_equal(key_cost_measure(KEY_NONE, &rate, NULL), R_BUG);
    assert_int_equal(rate.signs_per_s, 0);
}

/* Forty times here; three leave room for a machine that does something else meanwhile. */
static void p384_signs_slower_than_p256(void **state)
{
    (void)state;
    struct key_cost_rate p256, p384;
    assert_int_equal(key_cost_measure(KEY_P256, &p256, NULL), OK);
    assert_int_equal(key_cost_measure(KEY_P384, &p384, NULL), OK);
    assert_true(p384.signs_per_s > 0 && p384.verifies_per_s > 0);
    assert_true(p384.signs_per_s * 3 < p256.signs_per_s);
}

static void the_warning_has_both_kinds_and_what_was_measured(void **state)
{
    (void)state;
    char *said = NULL;
    size_t n = 0;
    long long numbers[4];
    FILE *to = open_memstream(&said, &n);
    assert_int_equal(key_cost_warn(KEY_P384, to, NULL), OK);
    fclose(to);
    assert_int_equal(sscanf(strstr(said, "signs"),
                            "signs %lld times with p384 and verifies %lld; with p256 it signs %lld "
                            "and verifies %lld.",
                            &numbers[0], &numbers[1], &numbers[2], &numbers[3]),
                     4);
    for (size_t i = 0; i < LENGTH_OF(numbers); i++)
        assert_true(numbers[i] > 0);
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_that_is_none_is_not_measured),
        cmocka_unit_test(p384_signs_slower_than_p256),
        cmocka_unit_test(the_warning_has_both_kinds_and_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
