#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <client/api.h>
#include <cmocka.h>
#include <string.h>

static struct err err;

static enum result judge(int status, const char *type, const char *body, const char *id)
{
    struct client_answer answer = {.status = status};
    snprintf(answer.content_type, sizeof answer.content_type, "%s", type);
    snprintf(answer.request_id, sizeof answer.request_id, "%s", id);
    answer.body = (struct blob){(uint8_t *)(uintptr_t)body, strlen(body)};
    err = (struct err){0};
    return api_error(&answer, &err);
}

static void an_answer_without_a_problem_has_the_meaning_of_its_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum code code;
    } table[] = {
        {400, E_SYNTAX},      {401, E_PROOF},     {403, E_POLICY}, {404, E_NOT_FOUND},
        {409, E_CONFLICT},    {202, E_WAITING},   {503, E_BUSY},   {500, E_UNREACHABLE},
        {302, E_UNREACHABLE}, {0, E_UNREACHABLE},
    };
    for (size_t i = 0; i < LENGTH_OF(table); i++) {
        assert_int_equal(judge(table[i].status, "text/html", "<h1>no</h1>", ""),
                         error_find(table[i].code)->kind);
        assert_int_equal(err.code, table[i].code);
        assert_null(strstr(err.text, "h1"));
    }
}

static void broken_problems_are_no_worse_than_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", "{", "[]", "null", "{\"code\": 7}", "7", "{\"code\": \"E0000\"}", "{\"detail\": {}}"};
    for (size_t i = 0; i < LENGTH_OF(bodies); i++) {
        assert_int_equal(judge(403, "application/problem+json", bodies[i], ""), R_REFUSED);
        assert_int_equal(err.code, E_POLICY);
        assert_string_equal(err.text, "the server answered 403");
    }
}

static void what_a_server_says_cannot_move_the_cursor(void **state)
{
    (void)state;
    assert_int_equal(judge(400, "text/plain", "bad \033[2J thing\r\nsecond line", "a\007b"),
                     R_INVALID);
    assert_string_equal(err.text, "bad ?[2J thing (request a?b)");
}

static void a_problem_names_code_detail_and_request(void **state)
{
    (void)state;
    assert_int_equal(judge(403, "application/problem+json; charset=utf-8",
                           "{\"code\": \"E3004\", \"detail\": \"retired\", \"request_id\": \"r1\"}",
                           "r0"),
                     R_REFUSED);
    assert_int_equal(err.code, E_GONE);
    assert_string_equal(err.text, "retired (request r1)");
    assert_int_equal(
        judge(401, "text/plain; charset=utf-8", "E2001: no proof\nNext: ask\nRequest: r2\n", "r2"),
        R_UNAUTHORISED);
    assert_string_equal(err.text, "refused (request r2)");
    assert_int_equal(judge(403, "text/plain", "E3006: shared\nthe key is on SN2\nNext: x\n", "r3"),
                     R_REFUSED);
    assert_string_equal(err.text, "the key is on SN2 (request r3)");
}

static void escapes_all_but_unreserved_characters(void **state)
{
    (void)state;
    char to[32];
    assert_true(api_escape("a-Z_0.~", to, sizeof to));
    assert_string_equal(to, "a-Z_0.~");
    assert_true(api_escape("a/b ?%\xc3\xa4", to, sizeof to));
    assert_string_equal(to, "a%2Fb%20%3F%25%C3%A4");
    assert_true(api_escape("abc", to, 4));
    assert_false(api_escape("abcd", to, 4));
    assert_false(api_escape("ab/", to, 5));
    assert_false(api_escape("", to, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_without_a_problem_has_the_meaning_of_its_status),
        cmocka_unit_test(broken_problems_are_no_worse_than_none),
        cmocka_unit_test(what_a_server_says_cannot_move_the_cursor),
        cmocka_unit_test(a_problem_names_code_detail_and_request),
        cmocka_unit_test(escapes_all_but_unreserved_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
