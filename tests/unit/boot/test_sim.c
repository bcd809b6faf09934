/* boot-sim's numbers: each says all of a case. */
#include <run.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GEOMETRY 2 /* of the fewest operations */

/* The flash that the case of that number leaves; the caller frees it. */
static uint8_t *replay(uint64_t v, size_t *ret_n)
{
    static struct run run;
    struct number number;
    assert_true(number_from(v, &number));
    run_open(&run, number.life, number.geometry, &(struct effort){1, 1, 0});
    run_one(&run, &number);
    assert_null(run.broken);
    assert_int_equal(run.cuts + run.spoilt, 1);
    uint8_t *flash = malloc(run.after.n);
    assert_non_null(flash);
    memcpy(flash, run.after.octets, run.after.n);
    *ret_n = run.after.n;
    run_close(&run);
    return flash;
}

static void a_number_is_one_case(void **state)
{
    (void)state;
    for (uint64_t v = 0; v < 5000; v++) {
        struct number number;
        if (number_from(v, &number))
            assert_int_equal(number_of(&number), v);
        else
            assert_true(v % 16 >= lives_n);
    }
}

static void a_number_leaves_the_same_flash_each_time(void **state)
{
    (void)state;
    for (unsigned life = 0; life < lives_n; life++)
        for (enum trouble trouble = CUT; trouble < TROUBLES_N; trouble++)
            for (uint64_t which = 20; which < 24; which++) {
                struct number number = {life, GEOMETRY, trouble, which};
                size_t n, again_n;
                uint8_t *flash = replay(number_of(&number), &n);
                uint8_t *again = replay(number_of(&number), &again_n);
                assert_int_equal(n, again_n);
                assert_memory_equal(flash, again, n);
                free(again);
                free(flash);
            }
}

/* What is thrown hangs on the number: of a hundred cases each leaves another bit that sticks. */
static void another_number_is_another_case(void **state)
{
    (void)state;
    unsigned same = 0;
    for (uint64_t which = 0; which < 100; which += 2) {
        struct number one = {0, GEOMETRY, WORN, which}, other = {0, GEOMETRY, WORN, which + 2};
        size_t n, other_n;
        uint8_t *flash = replay(number_of(&one), &n), *next = replay(number_of(&other), &other_n);
        same += n == other_n && memcmp(flash, next, n) == 0;
        free(next);
        free(flash);
    }
    assert_in_range(same, 0, 49);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_one_case),
        cmocka_unit_test(a_number_leaves_the_same_flash_each_time),
        cmocka_unit_test(another_number_is_another_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
