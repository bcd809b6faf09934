#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cli/print.h>
#include <cmocka.h>
#include <string.h>

static char text[4096];

static struct session begin(void)
{
    memset(text, 0, sizeof text);
    return (struct session){.out = fmemopen(text, sizeof text, "w")};
}

static void no_value_moves_the_cursor_or_colours_the_terminal(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"plain", "plain"},
        {"a\033[31mb", "a?[31mb"},
        {"a\rb\nc\td", "a?b?c?d"},
        {"\xc2\x9b"
         "31m",
         "?31m"},
        {"\x7f", "?"},
        {"\xff\xfe", "??"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xc3", "?"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
    };
    for (size_t i = 0; i < LENGTH_OF(table); i++) {
        struct session session = begin();
        print_clean(table[i][0], session.out);
        fclose(session.out);
        assert_string_equal(text, table[i][1]);
    }
}

static void cells_show_every_kind_of_value(void **state)
{
    (void)state;
    json_auto_t *object = json_pack("{s:s, s:i, s:b, s:n, s:[s,s], s:s, s:[]}", "s", "x", "i", 7,
                                    "b", 1, "n", "w", "a", "b", "e", "", "z");
    static const char *const table[][2] = {{"s", "x"},   {"i", "7"}, {"b", "yes"}, {"n", "-"},
                                           {"w", "a,b"}, {"e", "-"}, {"z", "-"},   {"none", "-"}};
    for (size_t i = 0; i < LENGTH_OF(table); i++) {
        char cell[PRINT_CELL_MAX];
        print_cell(object, table[i][0], cell);
        assert_string_equal(cell, table[i][1]);
    }
}

static void a_cell_never_overflows(void **state)
{
    (void)state;
    json_auto_t *words = json_array();
    for (int i = 0; i < 60; i++)
        json_array_append_new(words, json_string("word"));
    json_auto_t *object = json_pack("{s:O}", "w", words);
    char cell[PRINT_CELL_MAX];
    print_cell(object, "w", cell);
    assert_int_equal(strlen(cell), PRINT_CELL_MAX - 1);
}

static void columns_line_up_and_no_line_ends_in_spaces(void **state)
{
    (void)state;
    static const struct column columns[] = {{"A", "a"}, {"LONG", "b"}, {0}};
    json_auto_t *rows = json_pack("[{s:s, s:s}, {s:s, s:s}]", "a", "wide value", "b", "x", "a", "y",
                                  "b", "longer than its title");
    struct session session = begin();
    struct print_table table = {.columns = columns};
    print_rows(&session, &table, rows);
    fclose(session.out);
    assert_string_equal(text, "A           LONG\n"
                              "wide value  x\n"
                              "y           longer than its title\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_value_moves_the_cursor_or_colours_the_terminal),
        cmocka_unit_test(cells_show_every_kind_of_value),
        cmocka_unit_test(a_cell_never_overflows),
        cmocka_unit_test(columns_line_up_and_no_line_ends_in_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
