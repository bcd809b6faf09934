#include <base/arena.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_arena_without_a_maximum_is_refused(void **state)
{
    (void)state;
    assert_null(arena_new(0));
}

static void beyond_the_maximum_there_is_nothing(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1000);
    assert_non_null(arena_alloc(arena, 900));
    assert_null(arena_alloc(arena, 200));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_non_null(arena_alloc(arena, 50)); /* what is left can still be had */
    assert_true(arena_used(arena) <= 1000);
    arena_free(arena);
}

static void the_maximum_holds_over_many_small_pieces(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    size_t pieces = 0;
    while (arena_alloc(arena, 1) != NULL)
        pieces++;
    assert_true(pieces >= 1000);
    assert_true(pieces <= 100000);
    assert_true(arena_used(arena) <= 100000);
    arena_free(arena);
}

static void pieces_of_no_bytes_count_too(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    int pieces = 0;
    while (arena_alloc(arena, 0) != NULL)
        pieces++;
    assert_in_range(pieces, 1, 64);
    arena_free(arena);
}

static void a_count_that_overflows_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(SIZE_MAX);
    assert_null(arena_array(arena, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(arena, SIZE_MAX));
    arena_free(arena);
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t n = 1; n < 300; n++) {
            uint8_t *piece = arena_alloc(arena, n);
            assert_non_null(piece);
            assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(piece[i], 0);
            memset(piece, 0xff, n); /* a later piece must not overlap this one */
        }
        arena_reset(arena);
    }
    arena_free(arena);
}

static void reset_gives_everything_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new(40000);
    for (int round = 0; round < 100; round++) {
        assert_non_null(arena_alloc(arena, 9000));
        assert_non_null(arena_alloc(arena, 30000));
        assert_null(arena_alloc(arena, 9000));
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_free(arena);
}

static void copies_have_a_nul_behind_them(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1000);
    const uint8_t raw[] = {'a', 0, 'b'};
    const uint8_t *copy = arena_dup(arena, (struct bytes){raw, 3});
    assert_memory_equal(copy, "a\0b\0", 4);
    assert_string_equal(arena_dup(arena, (struct bytes){NULL, 0}), "");
    assert_string_equal(arena_text(arena, "text"), "text");
    arena_free(arena);
}

static void formatted_text_fits_or_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    assert_string_equal(arena_printf(arena, "%s-%d", "device", 42), "device-42");
    assert_null(arena_printf(arena, "%100d", 1));
    arena_free(arena);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    struct arena *arena = NULL;
    arena_freep(&arena);
    arena = arena_new(10);
    arena_freep(&arena);
    assert_null(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_without_a_maximum_is_refused),
        cmocka_unit_test(beyond_the_maximum_there_is_nothing),
        cmocka_unit_test(the_maximum_holds_over_many_small_pieces),
        cmocka_unit_test(pieces_of_no_bytes_count_too),
        cmocka_unit_test(a_count_that_overflows_is_refused),
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(reset_gives_everything_back),
        cmocka_unit_test(copies_have_a_nul_behind_them),
        cmocka_unit_test(formatted_text_fits_or_is_refused),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
