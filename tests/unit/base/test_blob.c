#include <base/blob.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void more_than_there_is_leaves_the_output_alone(void **state)
{
    (void)state;
    struct blob blob = {NULL, 77};
    assert_int_equal(blob_copy((struct bytes){(const uint8_t *)"x", SIZE_MAX}, &blob), R_MEMORY);
    assert_null(blob.p);
    assert_int_equal(blob.n, 77);
}

static void nothing_is_copied_and_freed_without_memory(void **state)
{
    (void)state;
    struct blob blob = {NULL, 77};
    assert_int_equal(blob_copy((struct bytes){NULL, 0}, &blob), OK);
    assert_null(blob.p);
    assert_int_equal(blob.n, 0);
    blob_free(&blob);
    blob_free(&blob);
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    uint8_t source[] = {1, 0, 2};
    CLEANUP(blob_free) struct blob blob = {0};
    assert_int_equal(blob_copy((struct bytes){source, 3}, &blob), OK);
    source[0] = 9;
    assert_int_equal(blob_bytes(&blob).n, 3);
    assert_memory_equal(blob_bytes(&blob).p, "\1\0\2", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_there_is_leaves_the_output_alone),
        cmocka_unit_test(nothing_is_copied_and_freed_without_memory),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
