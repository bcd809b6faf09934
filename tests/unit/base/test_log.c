/* Log lines as they arrive at the descriptor. A clock of our own makes the time exact. */
#include <base/clock.h>
#include <base/log.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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
    log_style_set(LOG_LOGFMT, LEVEL_ERROR);
    log_event(LEVEL_WARNING, "hidden", {"a", "b"});
    log_style_set(LOG_LOGFMT, LEVEL_INFO);
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

/* ---- JSON ------------------------------------------------------------------------------------ */

#define JSON_HEAD                                                                                  \
    "{\"time\":\"2026-11-23T02:04:05.123456Z\",\"level\":\"info\",\"process\":\"core\","           \
    "\"event\":\"tried\""

static int as_json(void **state)
{
    (void)state;
    log_style_set(LOG_JSON, LEVEL_INFO);
    return 0;
}

static int as_logfmt(void **state)
{
    (void)state;
    log_style_set(LOG_LOGFMT, LEVEL_INFO);
    log_request_set(bytes_of(NULL, 0));
    return 0;
}

static void values_cannot_forge_members_of_json(void **state)
{
    (void)state;
    log_event(LEVEL_INFO, "tried", {"a", "x\",\"level\":\"error"}, {"b", "1\n}"}, {"c", "\\"},
              {"d", "\xff\x7f"}, {"e", ""}, {"f", "a=b"});
    assert_string_equal(line(), JSON_HEAD ",\"a\":\"x\\\",\\\"level\\\":\\\"error\","
                                          "\"b\":\"1\\u000a}\",\"c\":\"\\\\\","
                                          "\"d\":\"\\u00ff\\u007f\",\"e\":\"\",\"f\":\"a=b\"}\n");
}

static void what_does_not_fit_into_json_is_left_out_whole(void **state)
{
    (void)state;
    char huge[LOG_LINE_MAX + 1];
    memset(huge, '\n', sizeof huge);
    huge[LOG_LINE_MAX] = '\0';
    log_event(LEVEL_INFO, "tried", {"huge", huge}, {"small", "1"});
    assert_string_equal(line(), JSON_HEAD ",\"small\":\"1\",\"cut\":\"yes\"}\n");
    log_write(LEVEL_INFO, "tried", NULL);
    assert_string_equal(line(), JSON_HEAD "}\n");
}

/* ---- the request that everything is about ---------------------------------------------------- */

static void a_line_has_the_request_that_everything_is_about(void **state)
{
    (void)state;
    log_request_set(bytes_text("0123456789abcdef"));
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " request=0123456789abcdef a=b\n");
    log_event(LEVEL_INFO, "tried", {"request", "other"});
    assert_string_equal(line(), HEAD " request=other\n");
    log_event(LEVEL_INFO, "tried", {"request", NULL}, {"a", "b"});
    assert_string_equal(line(), HEAD " request=0123456789abcdef a=b\n");
    log_request_set(bytes_of(NULL, 0));
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " a=b\n");
}

static void a_request_id_that_is_too_long_is_none(void **state)
{
    (void)state;
    log_request_set(bytes_text("0123456789abcdef0"));
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " a=b\n");
}

static void a_refusal_names_peer_and_request(void **state)
{
    (void)state;
    struct err err;
    (void)err_set(&err, E_PROOF, "no token");
    log_refusal("refused", &err, "r1", "192.0.2.1:80");
    const char *text = line();
    assert_non_null(strstr(text, "level=info process=core event=refused request=r1 "
                                 "peer=192.0.2.1:80 code=E2001 error=PROOF text=\"no token\"\n"));
}

/* ---- the journal ------------------------------------------------------------------------------
 */

static char journal_path[64];
static int journal;

static int open_journal(void **state)
{
    (void)state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(journal_path, sizeof journal_path, "/tmp/troth-log-%d", (int)getpid());
    snprintf(at.sun_path, sizeof at.sun_path, "%s", journal_path);
    journal = socket(AF_UNIX, SOCK_DGRAM, 0);
    return journal < 0 || bind(journal, (const struct sockaddr *)&at, sizeof at) != 0;
}

static void without_a_journal_nothing_changes(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(log_open_journal("/nonexistent/socket", &err), R_IO);
    assert_int_equal(log_journal_fd(), -1);
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " a=b\n");
}

/* Its native protocol: every pair is a field; a value cannot make one more. */
static void a_datagram_has_a_field_for_every_pair(void **state)
{
    (void)state;
    struct err err = {0};
    char text[LOG_LINE_MAX * 3 + 1];
    assert_int_equal(log_open_journal(journal_path, &err), OK);
    log_event(LEVEL_WARNING, "tried", {"request", "r1"}, {"text", "1\nPRIORITY=0"});
    ssize_t n = recv(journal, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, "MESSAGE=event=tried request=r1 text=\"1\\x0aPRIORITY=0\"\n"
                              "PRIORITY=4\nSYSLOG_IDENTIFIER=trothd\nTROTH_PROCESS=core\n"
                              "TROTH_EVENT=tried\nTROTH_REQUEST=r1\n"
                              "TROTH_TEXT=\"1\\x0aPRIORITY=0\"\n");
}

static void a_journal_that_is_gone_loses_no_line(void **state)
{
    (void)state;
    close(journal);
    unlink(journal_path);
    log_event(LEVEL_INFO, "tried", {"a", "b"});
    assert_string_equal(line(), HEAD " a=b\n");
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
        cmocka_unit_test_setup_teardown(values_cannot_forge_members_of_json, as_json, as_logfmt),
        cmocka_unit_test_setup_teardown(what_does_not_fit_into_json_is_left_out_whole, as_json,
                                        as_logfmt),
        cmocka_unit_test_teardown(a_line_has_the_request_that_everything_is_about, as_logfmt),
        cmocka_unit_test_teardown(a_request_id_that_is_too_long_is_none, as_logfmt),
        cmocka_unit_test(a_refusal_names_peer_and_request),
        cmocka_unit_test_setup(without_a_journal_nothing_changes, open_journal),
        cmocka_unit_test(a_datagram_has_a_field_for_every_pair),
        cmocka_unit_test(a_journal_that_is_gone_loses_no_line),
    };
    if (open_pipe(NULL) != 0)
        return 1;
    log_open("core", ends[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
