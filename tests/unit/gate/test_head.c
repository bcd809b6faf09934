#include <gate/head.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct err err;

static enum result put(struct gate_head *head, const char *name, const char *value)
{
    return gate_head_put(head, bytes_of(name, strlen(name)), bytes_of(value, strlen(value)), &err);
}

static struct gate_head head_of(const char *name, const char *value)
{
    struct gate_head head = {0};
    assert_int_equal(put(&head, "X-Troth-Service", "telemetry"), OK);
    assert_int_equal(put(&head, "X-Troth-Path", "/a"), OK);
    assert_int_equal(put(&head, name, value), OK);
    return head;
}

static void a_header_of_ours_that_there_is_none_of_refuses(void **state)
{
    (void)state;
    struct gate_head head = {0};
    assert_int_equal(put(&head, "X-Troth-Device", "SN-1"), R_INVALID);
    assert_non_null(strstr(err.text, "\"X-Troth-Device\""));
    assert_int_equal(put(&head, "x-troth-", ""), R_INVALID);
}

static void a_header_that_stands_twice_refuses_in_whatever_case(void **state)
{
    (void)state;
    struct gate_head head = head_of("X-Troth-Verify", "");
    assert_int_equal(put(&head, "x-TROTH-verify", "SUCCESS"), R_INVALID);
    assert_non_null(strstr(err.text, "twice"));
    assert_int_equal(head.verify.n, 0);
}

static void a_value_has_its_limit(void **state)
{
    (void)state;
    static char value[GATE_VALUE_MAX + 2];
    memset(value, 'A', GATE_VALUE_MAX + 1);
    struct gate_head head = {0};
    assert_int_equal(put(&head, "X-Troth-Der", value), R_INVALID);
    assert_non_null(strstr(err.text, "8193 octets"));
    value[GATE_VALUE_MAX] = '\0';
    assert_int_equal(put(&head, "X-Troth-Der", value), OK);
    assert_int_equal(head.der.n, GATE_VALUE_MAX);
}

static void service_path_and_one_proof_at_most_are_wanted(void **state)
{
    (void)state;
    struct gate_head none = {0};
    assert_int_equal(gate_head_check(&none, &err), R_INVALID);
    assert_non_null(strstr(err.text, "X-Troth-Service"));
    assert_int_equal(put(&none, "X-Troth-Service", "telemetry"), OK);
    assert_int_equal(gate_head_check(&none, &err), R_INVALID);
    assert_non_null(strstr(err.text, "X-Troth-Path"));

    struct gate_head head = head_of("X-Troth-Verify", "NONE");
    assert_int_equal(gate_head_check(&head, &err), OK);
    assert_int_equal(put(&head, "X-Troth-Der", "AAAA"), OK);
    assert_int_equal(gate_head_check(&head, &err), R_INVALID);
    assert_non_null(strstr(err.text, "2 descriptions"));
    head = head_of("X-Troth-Der", "AAAA");
    assert_int_equal(put(&head, "X-Troth-Pem", "AAAA"), OK);
    assert_int_equal(gate_head_check(&head, &err), R_INVALID);
}

static void others_headers_are_the_proxys_affair(void **state)
{
    (void)state;
    struct gate_head head = head_of("Host", "gate");
    assert_int_equal(put(&head, "Host", "again"), OK);
    assert_int_equal(gate_head_check(&head, &err), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_of_ours_that_there_is_none_of_refuses),
        cmocka_unit_test(a_header_that_stands_twice_refuses_in_whatever_case),
        cmocka_unit_test(a_value_has_its_limit),
        cmocka_unit_test(service_path_and_one_proof_at_most_are_wanted),
        cmocka_unit_test(others_headers_are_the_proxys_affair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
