#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <base/command.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row show_options[] = {
    {"PRODUCT", VALUE_TEXT, NULL, true, "the product"},
    {"SERIAL", VALUE_TEXT, NULL, false, "the serial number"},
    {"--limit", VALUE_NUMBER, "N", false, "rows"},
    {"--ttl", VALUE_DURATION, "TIME", false, "how long"},
    {"--role", VALUE_CHOICE, "viewer|admin", false, "role"},
    {"--serial", VALUE_HEX, "HEX", false, "octets"},
    {0},
};
static const struct option_row common[] = {
    {"--json", VALUE_NONE, NULL, false, "for programs"},
    {0},
};
static const struct option_row scan_options[] = {
    {"TARGET...", VALUE_TEXT, NULL, true, "where"},
    {"--limit", VALUE_NUMBER, "N", false, "rows"},
    {0},
};
static const struct command commands[] = {
    {"device", "show", "shows", show_options, false, NULL},
    {"device", "list", "lists", NULL, false, NULL},
    {"status", NULL, "owed", NULL, false, NULL},
    {"init", NULL, "begins", NULL, true, NULL},
    {0},
};
static const struct program program = {
    .name = "tool",
    .section = 1,
    .version = "1.2",
    .summary = "does things",
    .description = "First.\n\n.Second-part.",
    .commands = commands,
    .common = common,
};

static const struct command scan_commands[] = {{"scan", NULL, "looks", scan_options, false, NULL},
                                               {0}};
static const struct program scanner = {.name = "tool", .commands = scan_commands};

#define PARSE(...)                                                                                 \
    command_parse(&program, (char *[]){(char[]){"tool"}, __VA_ARGS__, NULL}, &arguments, &err)
#define WORD(text)                                                                                 \
    (char[])                                                                                       \
    {                                                                                              \
        text                                                                                       \
    }

static struct arguments arguments;
static struct err err;

static void expect_usage(enum result result, const char *part)
{
    assert_int_equal(result, R_INVALID);
    assert_int_equal(err.code, E_USAGE);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' does not name '%s'", err.text, part);
}

static void names_what_is_wrong_and_what_is_wanted(void **state)
{
    (void)state;
    char *nothing[] = {WORD("tool"), NULL};
    expect_usage(command_parse(&program, nothing, &arguments, &err), "device status init");
    expect_usage(PARSE(WORD("devise")), "no command 'devise'");
    expect_usage(PARSE(WORD("device")), "wanted one of: show list");
    expect_usage(PARSE(WORD("device"), WORD("shove")), "no verb 'shove'");
    expect_usage(PARSE(WORD("device"), WORD("show")), "PRODUCT is missing");
    expect_usage(PARSE(WORD("device"), WORD("list"), WORD("x")), "'x' is one argument too many");
    expect_usage(PARSE(WORD("status"), WORD("--jason")), "no option '--jason'");
    expect_usage(PARSE(WORD("status"), WORD("--json"), WORD("--json")), "twice");
    expect_usage(PARSE(WORD("status"), WORD("--json=1")), "takes no value");
    expect_usage(PARSE(WORD("device"), WORD("show"), WORD("p"), WORD("--limit")), "needs a value");
}

static void refuses_values_that_are_not_of_their_kind(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"--limit", "x"},    {"--limit", "-1"},
        {"--limit", "12x"},  {"--limit", "9999999999999999"},
        {"--ttl", "h"},      {"--ttl", "5w"},
        {"--ttl", "d"},      {"--ttl", "40000d"},
        {"--role", "admi"},  {"--role", "|"},
        {"--role", ""},      {"--role", "viewer|admin"},
        {"--serial", "abc"}, {"--serial", "0g"},
        {"--serial", ""},
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        char name[16], value[32];
        snprintf(name, sizeof name, "%s", bad[i][0]);
        snprintf(value, sizeof value, "%s", bad[i][1]);
        expect_usage(PARSE(WORD("device"), WORD("show"), WORD("p"), name, value), bad[i][0]);
    }
    expect_usage(PARSE(WORD("device"), WORD("show"), WORD("a\nb")), "\\x0a");
}

static void reads_positions_options_and_both_spellings(void **state)
{
    (void)state;
    assert_int_equal(PARSE(WORD("device"), WORD("show"), WORD("--limit=7"), WORD("p"),
                           WORD("--ttl"), WORD("2h"), WORD("--json"), WORD("--"), WORD("-5")),
                     OK);
    assert_string_equal(argument_text(&arguments, "PRODUCT"), "p");
    assert_string_equal(argument_text(&arguments, "SERIAL"), "-5");
    assert_int_equal(argument_number(&arguments, "--limit", 1), 7);
    assert_int_equal(argument_number(&arguments, "--ttl", 1), 7200);
    assert_non_null(argument_text(&arguments, "--json"));
    assert_null(argument_text(&arguments, "--role"));
    assert_null(argument_text(&arguments, "--no-such"));
    assert_int_equal(argument_number(&arguments, "--absent", -3), -3);
}

static void a_position_with_dots_comes_as_often_as_there_are_words(void **state)
{
    (void)state;
    static char tool[] = "tool", scan[] = "scan", x[] = "x", limit[] = "--limit=7";
    char *some[] = {tool, scan, x, limit, x, scan, NULL};
    char *none[] = {tool, scan, NULL};
    char *many[COMMAND_MORE_MAX + 5] = {tool, scan};
    assert_int_equal(command_parse(&scanner, some, &arguments, &err), OK);
    assert_string_equal(argument_text(&arguments, "TARGET..."), "x");
    assert_int_equal(arguments.more_n, 2);
    assert_string_equal(arguments.more[1], "scan");
    expect_usage(command_parse(&scanner, none, &arguments, &err), "TARGET...");
    for (size_t i = 2; i < COMMAND_MORE_MAX + 3; i++)
        many[i] = x;
    assert_int_equal(command_parse(&scanner, many, &arguments, &err), OK);
    assert_int_equal(arguments.more_n, COMMAND_MORE_MAX);
    many[COMMAND_MORE_MAX + 3] = x;
    expect_usage(command_parse(&scanner, many, &arguments, &err), "more than");
}

static void hands_on_what_is_not_ours(void **state)
{
    (void)state;
    char *argv[] = {WORD("tool"), WORD("init"), WORD("--help"), WORD("x"), NULL};
    assert_int_equal(command_parse(&program, argv, &arguments, &err), OK);
    assert_ptr_equal(arguments.rest, argv + 2);
    assert_false(command_answer(&program, argv, stderr));
}

static char *said(char **argv)
{
    static char text[4096];
    FILE *to = fmemopen(text, sizeof text, "w");
    assert_true(command_answer(&program, argv, to));
    fclose(to);
    return text;
}

static void answers_help_man_and_completion(void **state)
{
    (void)state;
    char *help[] = {WORD("tool"), WORD("--help"), NULL};
    assert_non_null(strstr(said(help), "device show PRODUCT [SERIAL]"));
    char *verb[] = {WORD("tool"), WORD("device"), WORD("show"), WORD("-h"), NULL};
    assert_non_null(strstr(said(verb), "--ttl TIME"));
    char *list[] = {WORD("tool"), WORD("--commands"), NULL};
    assert_non_null(strstr(said(list), "device list --json\n"));
    char *man[] = {WORD("tool"), WORD("--man"), NULL};
    assert_non_null(strstr(said(man), ".PP\n\\&.Second\\-part."));
    char *page[] = {WORD("tool"), WORD("--man"), WORD("device"), NULL};
    assert_non_null(strstr(said(page), ".TH tool-device 1 "));
    assert_null(strstr(said(page), ".SS tool status"));
    char *nothing[] = {WORD("tool"), WORD("--man"), WORD("devise"), NULL};
    assert_false(command_answer(&program, nothing, stderr));
    char *plain[] = {WORD("tool"), WORD("status"), NULL};
    assert_false(command_answer(&program, plain, stderr));
}

static void completes_in_three_shells_and_in_no_other(void **state)
{
    (void)state;
    char *other[] = {WORD("tool"), WORD("--completion"), WORD("csh"), NULL};
    assert_false(command_answer(&program, other, stderr));
    char *none[] = {WORD("tool"), WORD("--completion"), NULL};
    assert_false(command_answer(&program, none, stderr));
    char *bash[] = {WORD("tool"), WORD("--completion"), WORD("bash"), NULL};
    assert_non_null(strstr(said(bash), "2:device\\ *) offer='show list' ;;"));
    assert_non_null(strstr(said(bash), ":device\\ show:--role) offer='viewer admin' ;;"));
    char *zsh[] = {WORD("tool"), WORD("--completion"), WORD("zsh"), NULL};
    assert_memory_equal(said(zsh), "#compdef tool\n", 14);
    char *fish[] = {WORD("tool"), WORD("--completion"), WORD("fish"), NULL};
    assert_non_null(strstr(said(fish), "case '*:init *:*'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_wrong_and_what_is_wanted),
        cmocka_unit_test(refuses_values_that_are_not_of_their_kind),
        cmocka_unit_test(reads_positions_options_and_both_spellings),
        cmocka_unit_test(a_position_with_dots_comes_as_often_as_there_are_words),
        cmocka_unit_test(hands_on_what_is_not_ours),
        cmocka_unit_test(answers_help_man_and_completion),
        cmocka_unit_test(completes_in_three_shells_and_in_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
