#include "fixture.h"

static void an_empty_view_equals_every_empty_view(void **state)
{
    (void)state;
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of("x", 0)));
    assert_true(bytes_equal_secret(bytes_of(NULL, 0), bytes_of("x", 0)));
    assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
    assert_true(bytes_is_empty(bytes_text("")));
}

static void a_slice_never_reaches_beyond_its_source(void **state)
{
    (void)state;
    struct bytes b = bytes_text("abcdef");
    assert_text(bytes_slice(b, 4, 100), "ef");
    assert_text(bytes_slice(b, 1, 2), "bc");
    assert_int_equal(bytes_slice(b, 6, 1).n, 0);
    assert_int_equal(bytes_slice(b, SIZE_MAX, SIZE_MAX).n, 0);
    assert_text(bytes_slice(b, 2, SIZE_MAX), "cdef");
}

static void a_prefix_comes_before_what_it_begins(void **state)
{
    (void)state;
    assert_true(bytes_compare(bytes_text("ab"), bytes_text("abc")) < 0);
    assert_true(bytes_compare(bytes_text("b"), bytes_text("abc")) > 0);
    assert_true(bytes_compare(bytes_text("\x7f"), bytes_text("\x80")) < 0);
}

static void both_comparisons_agree(void **state)
{
    (void)state;
    struct bytes secret = bytes_text("one secret");
    assert_true(bytes_equal_secret(secret, bytes_text("one secret")));
    assert_false(bytes_equal_secret(secret, bytes_text("one secreT")));
    assert_false(bytes_equal_secret(secret, bytes_text("One secret")));
    assert_false(bytes_equal_secret(secret, bytes_text("one secre")));
    assert_false(bytes_equal(secret, bytes_text("one secreT")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_view_equals_every_empty_view),
        cmocka_unit_test(a_slice_never_reaches_beyond_its_source),
        cmocka_unit_test(a_prefix_comes_before_what_it_begins),
        cmocka_unit_test(both_comparisons_agree),
    };
    return cmocka_run_group_tests_name("wire/bytes", tests, NULL, NULL);
}
