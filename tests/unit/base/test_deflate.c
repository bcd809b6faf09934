/* zlib streams: whole, and of the length that is wanted. */
#include <base/deflate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t plain[5000], back[5001];

static struct blob deflated(size_t n)
{
    struct err err = {0};
    struct blob ret = {0};
    for (size_t i = 0; i < n; i++)
        plain[i] = (uint8_t)(i * i >> 7);
    assert_int_equal(deflate_bytes(bytes_of(plain, n), &ret, &err), OK);
    return ret;
}

static void what_was_deflated_inflates(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 255, 4096, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct err err = {0};
        CLEANUP(blob_free) struct blob small = deflated(sizes[i]);
        assert_int_equal(inflate_bytes(blob_bytes(&small), back, sizes[i], &err), OK);
        assert_memory_equal(back, plain, sizes[i]);
    }
}

static void another_length_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    CLEANUP(blob_free) struct blob small = deflated(5000);
    assert_int_equal(inflate_bytes(blob_bytes(&small), back, 4999, &err), R_INVALID);
    assert_non_null(strstr(err.text, "4999"));
    assert_int_equal(inflate_bytes(blob_bytes(&small), back, 5001, &err), R_INVALID);
    assert_int_equal(inflate_bytes(blob_bytes(&small), back, 0, &err), R_INVALID);
}

static void what_is_broken_cut_or_followed_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    CLEANUP(blob_free) struct blob small = deflated(300);
    uint8_t longer[2048];
    assert_true(small.n + 1 <= sizeof longer);
    memcpy(longer, small.p, small.n);
    longer[small.n] = 0;
    assert_int_equal(inflate_bytes(bytes_of(longer, small.n), back, 300, &err), OK);
    assert_int_equal(inflate_bytes(bytes_of(longer, small.n + 1), back, 300, &err), R_INVALID);
    for (size_t n = 0; n < small.n; n++)
        assert_int_equal(inflate_bytes(bytes_of(longer, n), back, 300, &err), R_INVALID);
    longer[small.n - 1] ^= 1; /* of the checksum */
    assert_int_equal(inflate_bytes(bytes_of(longer, small.n), back, 300, &err), R_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_deflated_inflates),
        cmocka_unit_test(another_length_is_refused),
        cmocka_unit_test(what_is_broken_cut_or_followed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
