/* The catalogue and what is made of it: codes, texts, escaped values, docs/errors.md. */
#include <base/err.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool is_among(int value, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == value)
            return true;
    return false;
}

static void numbers_rise_and_have_four_digits(void **state)
{
    (void)state;
    int before = 999;
    for (size_t i = 0; error_at(i) != NULL; i++) {
        int number = (int)error_at(i)->code;
        if (number <= before || number > 9999)
            fail_msg("E%d stands behind E%d", number, before);
        before = number;
    }
}

static void names_are_unique_and_upper_case(void **state)
{
    (void)state;
    for (size_t i = 0; error_at(i) != NULL; i++) {
        const char *name = error_at(i)->name;
        if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(name) || *name == '\0')
            fail_msg("\"%s\" is not in upper case", name);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(error_at(j)->name, name);
    }
}

static void every_text_is_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; error_at(i) != NULL; i++) {
        const char *texts[] = {error_at(i)->meaning, error_at(i)->next};
        for (size_t t = 0; t < LENGTH_OF(texts); t++) {
            const char *text = texts[t];
            bool starts = isupper((unsigned char)*text) || *text == '`';
            if (!starts || text[strlen(text) - 1] != '.' || strchr(text, '|') != NULL)
                fail_msg("E%d: \"%s\"", (int)error_at(i)->code, text);
        }
    }
}

static void statuses_are_of_the_allowed_sets(void **state)
{
    (void)state;
    static const int http[] = {202, 400, 401, 403, 404, 405, 408,
                               409, 411, 413, 415, 500, 502, 503};
    for (size_t i = 0; error_at(i) != NULL; i++) {
        const struct error_info *info = error_at(i);
        if (!is_among(info->http_status, http, LENGTH_OF(http)))
            fail_msg("E%d: HTTP status %d", (int)info->code, info->http_status);
        if (info->exit_status < 1 || info->exit_status > 9)
            fail_msg("E%d: exit status %d", (int)info->code, info->exit_status);
        assert_in_range(info->kind, OK + 1, RESULT_COUNT - 1);
        if ((info->kind == R_WAIT) != (info->http_status == 202))
            fail_msg("E%d: 202 is for what waits, and only that", (int)info->code);
    }
}

static void what_people_type_finds_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; error_at(i) != NULL; i++) {
        char text[16];
        snprintf(text, sizeof text, "E%04d", (int)error_at(i)->code);
        assert_ptr_equal(error_parse(text), error_at(i));
        assert_ptr_equal(error_parse(text + 1), error_at(i));
    }
    assert_non_null(error_parse("e9001"));
    static const char *const wrong[] = {"", "E", "EE9001", "9001x", "0", "-1", "99999", "E 9001 "};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        if (error_parse(wrong[i]) != NULL)
            fail_msg("\"%s\" was found", wrong[i]);
}

static void an_unknown_code_is_our_own_bug(void **state)
{
    (void)state;
    assert_int_equal(error_find((enum code)12345)->code, E_BUG);
    assert_int_equal(err_set(NULL, (enum code)12345, "x"), R_BUG);
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, E_SYNTAX, "%0*d", ERR_TEXT_MAX * 2, 1), R_INVALID);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    err_prefix(&err, "file %d", 7);
    assert_int_equal(strncmp(err.text, "file 7: 000", 11), 0);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    err_prefix(&err, "%0*d", ERR_TEXT_MAX * 2, 1);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void the_reason_may_be_left_out(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, E_NOT_FOUND, "%s", "nothing"), R_NOT_FOUND);
    err_prefix(NULL, "nothing");
}

static void values_of_peers_are_escaped_and_cut(void **state)
{
    (void)state;
    const uint8_t bad[] = {'a', '\n', '"', '\\', 0, 0x7f, 0xff, 'z'};
    assert_string_equal(err_value((struct bytes){bad, sizeof bad}).text,
                        "a\\x0a\\x22\\x5c\\x00\\x7f\\xffz");
    assert_string_equal(err_value((struct bytes){NULL, 0}).text, "");

    uint8_t many[ERR_VALUE_MAX + 1];
    memset(many, 0xff, sizeof many);
    struct err_value full = err_value((struct bytes){many, ERR_VALUE_MAX});
    assert_int_equal(strlen(full.text), ERR_VALUE_MAX * 4);
    struct err_value cut = err_value((struct bytes){many, sizeof many});
    assert_string_equal(cut.text + strlen(cut.text) - 3, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_rise_and_have_four_digits),
        cmocka_unit_test(names_are_unique_and_upper_case),
        cmocka_unit_test(every_text_is_a_sentence),
        cmocka_unit_test(statuses_are_of_the_allowed_sets),
        cmocka_unit_test(what_people_type_finds_its_row),
        cmocka_unit_test(an_unknown_code_is_our_own_bug),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(the_reason_may_be_left_out),
        cmocka_unit_test(values_of_peers_are_escaped_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
