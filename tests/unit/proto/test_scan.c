/* What a scan of TLS servers saw, line by line. */
#include <base/limits.h>
#include <proto/scan.h>
#include <trust/foreign_words.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOOD "\"target\":\"10.0.0.1:443\",\"outcome\":\"seen\",\"chain\":[\"AAAA\"]"

struct taken {
    size_t lines, faults;
    char target[128], host[128], fault[ERR_TEXT_MAX];
    uint32_t fault_line;
    enum look_outcome outcome;
    size_t chain_n;
};

static enum result take(void *context, const struct scan_read *line, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    taken->lines++;
    snprintf(taken->target, sizeof taken->target, "%.*s", (int)line->target.n,
             (const char *)line->target.p);
    snprintf(taken->host, sizeof taken->host, "%.*s", (int)line->host.n,
             (const char *)line->host.p);
    taken->outcome = line->outcome;
    taken->chain_n = line->chain_n;
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    taken->faults++;
    taken->fault_line = line;
    assert_int_equal(why->code, E_SCAN);
    snprintf(taken->fault, sizeof taken->fault, "%s", why->text);
    return OK;
}

static struct taken read_text(const char *text)
{
    struct taken taken = {0};
    const struct scan_sink sink = {&taken, take, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    assert_int_equal(scan_read(bytes_of(text, strlen(text)), &sink, &counts, &err), OK);
    assert_int_equal(counts.rows, taken.lines + taken.faults);
    assert_int_equal(counts.faults, taken.faults);
    return taken;
}

static void what_breaks_a_rule_is_its_lines_fault(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{", "JSON"},
        {"[]", "wanted an object"},
        {"{" GOOD ",\"more\":1}", "alone"},
        {"{" GOOD ",\"target\":\"a:1\"}", "JSON"},
        {"{\"outcome\":\"seen\",\"chain\":[\"AAAA\"]}", "target"},
        {"{\"target\":\"a\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"a:0\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"a:65536\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"A:1\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\":1\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"::1:1\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"[]:1\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"a b:1\",\"outcome\":\"refused\"}", "target"},
        {"{\"target\":\"a:1\"}", "outcome"},
        {"{\"target\":\"a:1\",\"outcome\":\"well\"}", "outcome"},
        {"{\"target\":\"a:1\",\"outcome\":\"seen\"}", "chain"},
        {"{\"target\":\"a:1\",\"outcome\":\"refused\",\"chain\":[\"AAAA\"]}", "chain"},
        {"{\"target\":\"a:1\",\"outcome\":\"seen\",\"chain\":[1]}", "chain"},
        {"{\"target\":\"a:1\",\"outcome\":\"seen\",\"chain\":[1,1,1,1,1,1,1]}", "1 to 6"},
        {"{" GOOD ",\"protocol\":\"far longer than it may be\"}", "protocol"},
        {"{" GOOD ",\"cipher\":\"two words\"}", "cipher"},
        {"{" GOOD ",\"cipher\":7}", "cipher"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct taken taken = read_text(rows[i][0]);
        assert_int_equal(taken.faults, 1);
        if (strstr(taken.fault, rows[i][1]) == NULL)
            fail_msg("%s: \"%s\" lacks \"%s\"", rows[i][0], taken.fault, rows[i][1]);
    }
}

static void good_lines_are_taken_between_bad_ones(void **state)
{
    (void)state;
    struct taken taken = read_text(
        "{" GOOD "}\n\n{\n{\"target\":\"[2001:db8::7]:8883\",\"outcome\":\"no-tls\"}\r\n");
    assert_int_equal(taken.lines, 2);
    assert_int_equal(taken.fault_line, 3);
    assert_string_equal(taken.target, "[2001:db8::7]:8883");
    assert_string_equal(taken.host, "[2001:db8::7]");
    assert_int_equal(taken.outcome, LOOK_NO_TLS);
    assert_int_equal(taken.chain_n, 0);
}

static void too_many_lines_and_too_long_ones_are_refused(void **state)
{
    (void)state;
    size_t n = (size_t)LIMIT_SCAN_ROWS + 1;
    char *text = malloc(2 * n + LIMIT_SCAN_LINE);
    struct taken taken = {0};
    const struct scan_sink sink = {&taken, take, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 2 * i, "1\n", 2);
    assert_true(scan_read(bytes_of(text, 2 * n), &sink, &counts, &err) != OK);
    assert_int_equal(err.code, E_TOO_LARGE);
    memset(text, 'x', LIMIT_SCAN_LINE + 1);
    text[LIMIT_SCAN_LINE + 1] = '\0';
    assert_non_null(strstr(read_text(text).fault, "too long"));
    free(text);
}

static void outcomes_have_the_same_numbers_everywhere(void **state)
{
    (void)state;
    assert_int_equal(LOOK_SEEN, SCAN_SEEN);
    assert_int_equal(LOOK_NO_CERTIFICATE, SCAN_NO_CERTIFICATE);
    assert_int_equal(LOOK_NO_TLS, SCAN_NO_TLS);
    assert_int_equal(LOOK_REFUSED, SCAN_REFUSED);
    assert_int_equal(LOOK_TIMED_OUT, SCAN_TIMED_OUT);
    assert_int_equal(LOOK_UNREACHABLE, SCAN_UNREACHABLE);
    assert_int_equal(LOOK_OUTCOME_COUNT, SCAN_OUTCOME_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_a_rule_is_its_lines_fault),
        cmocka_unit_test(good_lines_are_taken_between_bad_ones),
        cmocka_unit_test(too_many_lines_and_too_long_ones_are_refused),
        cmocka_unit_test(outcomes_have_the_same_numbers_everywhere),
    };
    return cmocka_run_group_tests_name("proto/scan", tests, NULL, NULL);
}
