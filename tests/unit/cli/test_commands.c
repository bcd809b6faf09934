/* Walks the command table: gaps, and drift against the API's description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <base/file.h>
#include <cli/actions.h>
#include <cli/commands.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_option(const struct command *command, const char *name, size_t n)
{
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++)
        if (strlen(row->name) == n && strncmp(row->name, name, n) == 0)
            return true;
    return false;
}

static size_t count(const struct option_row *row)
{
    size_t n = 0;
    for (; row != NULL && row->name != NULL; row++)
        n++;
    return n;
}

static void every_command_does_something(void **state)
{
    (void)state;
    for (const struct command *c = troth_program.commands; c->noun != NULL; c++) {
        const struct plan *plan = c->plan;
        assert_non_null(plan);
        assert_non_null(plan->run);
        assert_non_null(c->summary);
        assert_true(count(c->options) + count(troth_program.common) <= COMMAND_OPTIONS_MAX);
        if (plan->run == plan_change)
            assert_non_null(plan->done);
        if (plan->run == plan_list || plan->run == plan_show)
            assert_non_null(plan->columns);
    }
}

/* A field or a {NAME} of a shared plan may be an option that only some of its commands have; one
 * that none has is a mistake. */
static bool is_used(const struct plan *plan, const char *name, size_t n)
{
    for (const struct command *c = troth_program.commands; c->noun != NULL; c++)
        if (c->plan == plan && has_option(c, name, n))
            return true;
    return false;
}

static bool is_field_used(const struct field *fields, const char *name)
{
    for (const struct command *c = troth_program.commands; c->noun != NULL; c++)
        if (((const struct plan *)c->plan)->fields == fields && has_option(c, name, strlen(name)))
            return true;
    return false;
}

static void check_names(const struct plan *plan, const char *template)
{
    for (const char *at = template; at != NULL && (at = strchr(at, '{')) != NULL; at++) {
        size_t n = strcspn(at + 1, "}");
        if (strncmp(at + 1, "verb", n) != 0 && !is_used(plan, at + 1, n))
            fail_msg("%s: no command has {%.*s}", template, (int)n, at + 1);
    }
}

static void every_name_in_a_plan_is_an_option(void **state)
{
    (void)state;
    for (const struct command *c = troth_program.commands; c->noun != NULL; c++) {
        const struct plan *plan = c->plan;
        check_names(plan, plan->path);
        check_names(plan, plan->done);
        for (const struct field *f = plan->fields; f != NULL && f->option != NULL; f++) {
            assert_int_not_equal(f->place, PLACE_NONE);
            if (!is_field_used(plan->fields, f->option))
                fail_msg("%s %s: no command has %s", c->noun, c->verb, f->option);
        }
    }
}

static void every_path_is_in_the_description_of_the_api(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/docs/openapi.yaml", getenv("TROTH_SOURCE"));
    CLEANUP(blob_free) struct blob file = {0};
    struct err err;
    assert_int_equal(file_read(path, 1 << 20, &file, &err), OK);
    CLEANUP(blob_free) struct blob text = {calloc(1, file.n + 1), file.n};
    memcpy(text.p, file.p, file.n);
    size_t checked = 0;
    for (const struct command *c = troth_program.commands; c->noun != NULL; c++) {
        const struct plan *plan = c->plan;
        char line[256];
        snprintf(line, sizeof line, "\n  %s:\n", plan->path != NULL ? plan->path : "");
        for (char *at = line; *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        if (plan->path == NULL)
            continue;
        checked++;
        if (strstr((const char *)text.p, line) == NULL)
            fail_msg("%s is not in docs/openapi.yaml", plan->path);
    }
    assert_true(checked > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_does_something),
        cmocka_unit_test(every_name_in_a_plan_is_an_option),
        cmocka_unit_test(every_path_is_in_the_description_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
