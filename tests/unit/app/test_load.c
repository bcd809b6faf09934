#include <app/load.h>
#include <base/file.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static void write_config(const char *text)
{
    assert_int_equal(file_write(path, 0600, bytes_of(text, strlen(text)), NULL), OK);
}

static void what_the_parser_refuses_comes_through_with_file_and_line(void **state)
{
    (void)state;
    const struct config *config = NULL;
    struct err err = {0};
    write_config("data: /var/lib/troth\nfronts: 99\n");
    assert_int_equal(load_config(path, false, &config, &err), R_INVALID);
    assert_int_equal(err.code, E_CONFIG);
    assert_non_null(strstr(err.text, ":2: fronts: 99"));
    assert_null(config);
}

static void a_file_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    const struct config *config = NULL;
    struct err err = {0};
    assert_int_equal(load_config("/nonexistent/troth.yaml", false, &config, &err), R_NOT_FOUND);
    assert_null(config);
}

static void it_cannot_be_changed_once_it_is_loaded(void **state)
{
    (void)state;
    const struct config *config = NULL;
    write_config("fronts: 3\n");
    assert_int_equal(load_config(path, false, &config, NULL), OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* no report by a sanitizer */
        ((volatile struct config *)(uintptr_t)config)->fronts = 4;
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_int_equal(config->fronts, 3);
    assert_false(config->lab);
}

static void the_lab_is_asked_for_in_the_file_or_beside_it(void **state)
{
    (void)state;
    const struct config *config = NULL;
    write_config("fronts: 1\n");
    assert_int_equal(load_config(path, true, &config, NULL), OK);
    assert_true(config->lab);
    write_config("lab: yes\n");
    assert_int_equal(load_config(path, false, &config, NULL), OK);
    assert_true(config->lab);
}

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/troth-load-%d.yaml", getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_parser_refuses_comes_through_with_file_and_line),
        cmocka_unit_test(a_file_that_is_not_there_is_not_found),
        cmocka_unit_test(it_cannot_be_changed_once_it_is_loaded),
        cmocka_unit_test(the_lab_is_asked_for_in_the_file_or_beside_it),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
