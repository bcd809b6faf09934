/* Log lines as they arrive at the descriptor. A clock of our own makes the time exact. */
#include <base/clock.h>
#include <base/log.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int64_t clock_now_us(void)
{
    return INT64_C(1795399445123456);
}

static int ends[2];

static int open_pipe(void **state)
{
    (void)state;
    return pipe(ends);
}

/* The line that was written; a pipe keeps the boundaries that a reader may not rely on, one write
 * at a time does. */
static const char *line(void)
{
    static char text[LOG_LINE_MAX + 1];
    ssize_t n = read(ends[0], text, LOG_LINE_MAX);
    assert_true(n > 0);
    text[n] = '\0';
    return text;
}

#define HEAD "time=2026-11-23T02:04:05.123456Z level=info process=core event=tried"

static void values_cannot_forge_pairs_or_lines(void **state)
{
    (void)state;
    log_event(LEVEL_INFO, "tried", {"a", "x level=error"}, {"b", "1\nlevel=error"},
              {"c", "say \"x\""}, {"d", "back\\slash"}, {"e", ""}, {"f", "\x1b[31m\xff"},
              {"g", "a=b"});
    assert_string_equal(line(), HEAD " a=\"x level=error\" b=\"1\\x0alevel=error\" "
                                     "c=\"say \\\"x\\\"\" d=\"back\\\\slash\" e=\"\" "
                                     "f=\"\\x1b[31m\\xff\" g=\"a=b\"\n");
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    char huge[LOG_LINE_MAX + 1];
    memset(huge, '\n', sizeof huge);
    huge[LOG_LINE_MAX] = '\0';
    log_event(LEVEL_INFO, "tried", {"huge", huge}, {"small", "1"});
    assert_string_equal(line(), HEAD " small=1 cut=yes\n");
}

static void a_line_never_passes_its_maximum(void **state)
{
    (void)state;
    char value[LOG_LINE_MAX];
    for (size_t n = LOG_LINE_MAX - 120; n < LOG_LINE_MAX; n++) {
        memset(value, 'v', n);
        value[n] = '\0';
        log_event(LEVEL_INFO, "tried", {"value", value});
        const char *text = line();
        assert_true(strlen(text) <= LOG_LINE_MAX);
        assert_int_equal(text[strlen(text) - 1], '\n');
        assert_true(strstr(text, "cut=yes") != NULL || strstr(text, value) != NULL);
    }
}

static void pairs_without_a_value_are_left_out(void **state)
{
    (void)state;
    log_event(LEVEL_INFO, "tried", {"none", NULL}, {"n", log_number(INT64_MIN).text});
    assert_string_equal(line(), HEAD " n=-9223372036854775808\n");
    log_write(LEVEL_INFO, "tried", NULL);
    assert_string_equal(line(), HEAD "\n");
}

static void less_than_the_least_level_is_not_written(void **state)
{
    (void)state;
    log_event(LEVEL_DEBUG, "hidden", {"a", "b"});
    log_level_set(LEVEL_ERROR);
    log_event(LEVEL_WARNING, "hidden", {"a", "b"});
    log_level_set(LEVEL_INFO);
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " a=b\n");
}

static void an_error_is_logged_with_its_code_and_request(void **state)
{
    (void)state;
    struct err err;
    (void)err_set(&err, E_PROOF, "no token for %s", "p/s");
    log_err(LEVEL_INFO, "tried", &err, "r1");
    assert_string_equal(line(),
                        HEAD " request=r1 code=E2001 error=PROOF text=\"no token for p/s\"\n");
    log_err(LEVEL_INFO, "tried", &err, NULL);
    assert_string_equal(line(), HEAD " code=E2001 error=PROOF text=\"no token for p/s\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_cannot_forge_pairs_or_lines),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(a_line_never_passes_its_maximum),
        cmocka_unit_test(pairs_without_a_value_are_left_out),
        cmocka_unit_test(less_than_the_least_level_is_not_written),
        cmocka_unit_test(an_error_is_logged_with_its_code_and_request),
    };
    if (open_pipe(NULL) != 0)
        return 1;
    log_open("core", ends[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
