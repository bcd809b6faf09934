#include <trust/operate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void nobody_may_do_nothing(void **context)
{
    (void)context;
    for (int what = 0; what <= OPERATE_COUNT; what++)
        assert_false(operator_may(ROLE_NONE, false, (enum operate)what));
    for (int role = 0; role <= ROLE_COUNT; role++)
        assert_false(operator_may((enum role)role, false, OPERATE_NONE));
    assert_false(operator_may((enum role)ROLE_COUNT, false, OPERATE_READ));
}

static void a_viewer_only_reads(void **context)
{
    (void)context;
    for (int what = OPERATE_READ; what < OPERATE_COUNT; what++)
        assert_int_equal(operator_may(ROLE_VIEWER, false, (enum operate)what),
                         what == OPERATE_READ);
}

static void an_operator_handles_devices_and_no_policy(void **context)
{
    (void)context;
    assert_true(operator_may(ROLE_OPERATOR, false, OPERATE_DEVICE));
    assert_false(operator_may(ROLE_OPERATOR, false, OPERATE_PERMIT));
    assert_false(operator_may(ROLE_OPERATOR, false, OPERATE_PRODUCT));
    assert_false(operator_may(ROLE_OPERATOR, false, OPERATE_ANCHOR));
    assert_false(operator_may(ROLE_OPERATOR, false, OPERATE_OPERATOR));
}

static void a_scope_ends_at_what_concerns_everybody(void **context)
{
    (void)context;
    assert_true(operator_may(ROLE_ADMIN, true, OPERATE_DEVICE));
    assert_true(operator_may(ROLE_ADMIN, true, OPERATE_PERMIT));
    assert_false(operator_may(ROLE_ADMIN, true, OPERATE_PRODUCT));
    assert_false(operator_may(ROLE_ADMIN, true, OPERATE_ANCHOR));
    assert_false(operator_may(ROLE_ADMIN, true, OPERATE_OPERATOR));
    assert_false(operator_may(ROLE_ADMIN, true, OPERATE_CLOCK));
    for (int what = OPERATE_READ; what < OPERATE_COUNT; what++)
        assert_true(operator_may(ROLE_ADMIN, false, (enum operate)what));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_may_do_nothing),
        cmocka_unit_test(a_viewer_only_reads),
        cmocka_unit_test(an_operator_handles_devices_and_no_policy),
        cmocka_unit_test(a_scope_ends_at_what_concerns_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
