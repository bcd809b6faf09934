#include <proto/problem.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_member(const json_t *json, const char *name, const char *wanted)
{
    assert_string_equal(json_string_value(json_object_get(json, name)), wanted);
}

static void every_row_of_the_catalogue_makes_a_problem(void **state)
{
    (void)state;
    const struct error_info *info;
    for (size_t i = 0; (info = error_at(i)) != NULL; i++) {
        const struct problem problem = {info->code, "saw \"a\\x01\", want b", "0123456789abcdef"};
        char code[16], type[64];
        snprintf(code, sizeof code, "E%d", (int)info->code);
        snprintf(type, sizeof type, "urn:troth:error:%s", code);
        char *text = problem_write_json(&problem);
        json_t *json = json_loads(text, 0, NULL);
        assert_non_null(json);
        assert_member(json, "type", type);
        assert_member(json, "code", code);
        assert_member(json, "title", info->meaning);
        assert_member(json, "next", info->next);
        assert_member(json, "detail", problem.detail);
        assert_member(json, "request_id", problem.request_id);
        assert_int_equal(json_integer_value(json_object_get(json, "status")), info->http_status);
        json_decref(json);
        free(text);
    }
}

static void what_the_caller_may_not_read_is_left_out(void **state)
{
    (void)state;
    const struct problem problem = {E_PROOF, NULL, "0123456789abcdef"};
    char *json = problem_write_json(&problem), *text = problem_write_text(&problem);
    assert_null(strstr(json, "detail"));
    assert_non_null(strstr(text, "E2001"));
    assert_non_null(strstr(text, "0123456789abcdef"));
    assert_null(strstr(text, "(null)"));
    free(json);
    free(text);
}

static void an_unknown_code_is_a_bug_of_ours(void **state)
{
    (void)state;
    const struct problem problem = {(enum code)4242, NULL, "0"};
    char *json = problem_write_json(&problem);
    assert_non_null(strstr(json, "E9001"));
    free(json);
}

static void a_detail_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    const struct problem problem = {E_SYNTAX, "\xff", "0"};
    assert_null(problem_write_json(&problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_catalogue_makes_a_problem),
        cmocka_unit_test(what_the_caller_may_not_read_is_left_out),
        cmocka_unit_test(an_unknown_code_is_a_bug_of_ours),
        cmocka_unit_test(a_detail_that_is_not_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
