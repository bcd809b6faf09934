/* The command line of trothd, run in a child whose output is kept. */
#include <app/modes.h>
#include <base/file.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/troth-modes-XXXXXX", config_path[64];
static char said[16384];

static void child(char **argv, int to)
{
    dup2(to, STDOUT_FILENO);
    dup2(to, STDERR_FILENO);
    int status = trothd_run(argv);
    fflush(stdout);
    _exit(status);
}

/* Runs trothd with these words; the exit status, and in `said` what it printed. */
static int run(const char *a, const char *b, const char *c, const char *d)
{
    const char *argv[] = {"trothd", a, b, c, d, NULL};
    int ends[2], status = 0;
    size_t n = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child((char **)(uintptr_t)argv, ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void write_config(const char *text)
{
    assert_int_equal(file_write(config_path, 0600, bytes_of(text, strlen(text)), NULL), OK);
}

static void words_that_mean_nothing_are_a_usage_error(void **state)
{
    (void)state;
    assert_int_equal(run("fly", NULL, NULL, NULL), 2);
    assert_non_null(strstr(said, "E1001"));
    assert_int_equal(run("--fly", NULL, NULL, NULL), 2);
    assert_int_equal(run("serve", "--root-out", "x", NULL), 2);
}

static void a_wrong_configuration_is_refused_with_its_line(void **state)
{
    (void)state;
    write_config("fronts: many\n");
    assert_int_equal(run("config", "check", "--config", config_path), 1);
    assert_non_null(strstr(said, "E1003"));
    assert_non_null(strstr(said, "troth.yaml:1"));
}

static void without_a_command_it_serves_and_wants_an_installation(void **state)
{
    (void)state;
    write_config("data: data\n");
    assert_int_equal(run("--config", config_path, NULL, NULL), 7);
    assert_non_null(strstr(said, "begin with trothd init"));
    assert_int_equal(run("serve", "--config", config_path, NULL), 7);
}

static void init_wants_to_know_where_the_root_key_goes(void **state)
{
    (void)state;
    write_config("data: data\n");
    assert_int_equal(run("init", "--config", config_path, NULL), 2);
    assert_non_null(strstr(said, "--root-out"));
    assert_int_equal(run("init", "--lab", "--accept", "x"), 2);
}

static void a_good_configuration_is_said_to_be_good(void **state)
{
    (void)state;
    write_config("fronts: 3\n");
    assert_int_equal(run("config", "check", config_path, "--syntax"), 0);
    assert_non_null(strstr(said, "3 fronts"));
}

static void help_shows_every_command(void **state)
{
    (void)state;
    assert_int_equal(run("--help", NULL, NULL, NULL), 0);
    for (const struct command *one = trothd_program.commands; one->noun != NULL; one++)
        assert_non_null(strstr(said, one->summary));
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(config_path, sizeof config_path, "%s/troth.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(config_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_mean_nothing_are_a_usage_error),
        cmocka_unit_test(a_wrong_configuration_is_refused_with_its_line),
        cmocka_unit_test(without_a_command_it_serves_and_wants_an_installation),
        cmocka_unit_test(init_wants_to_know_where_the_root_key_goes),
        cmocka_unit_test(a_good_configuration_is_said_to_be_good),
        cmocka_unit_test(help_shows_every_command),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
