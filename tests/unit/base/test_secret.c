#include <base/file.h>
#include <base/secret.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/troth-secret-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/passphrase", mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void put(const char *text, size_t n, mode_t mode)
{
    struct err err;
    assert_int_equal(file_write(path, mode, (struct bytes){(const uint8_t *)text, n}, &err), OK);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t wrong[] = {0640, 0604, 0620, 0610, 0644, 0601, 0777};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        struct secret secret = {0};
        struct err err;
        put("hush", 4, wrong[i]);
        assert_int_equal(secret_read_file(path, 100, &secret, &err), R_CRYPTO);
        assert_int_equal(err.code, E_KEY);
        assert_null(strstr(err.text, "hush"));
        assert_null(secret.p);
    }
}

static void empty_large_missing_and_strange_files_are_refused(void **state)
{
    (void)state;
    struct secret secret = {0};
    struct err err;
    assert_int_equal(secret_read_file(path, 100, &secret, &err), R_CRYPTO);
    assert_int_equal(secret_read_file(folder, 100, &secret, &err), R_CRYPTO);
    put("", 0, 0600);
    assert_int_equal(secret_read_file(path, 100, &secret, &err), R_CRYPTO);
    put("\n", 1, 0600);
    assert_int_equal(secret_read_file(path, 100, &secret, &err), R_CRYPTO);
    put("12345", 5, 0600);
    assert_int_equal(secret_read_file(path, 4, &secret, &err), R_LIMIT);
    assert_null(secret.p);
}

static void one_line_feed_at_the_end_is_not_part_of_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } rows[] = {{"a b", "a b"}, {"a b\n", "a b"}, {"a b\n\n", "a b\n"}, {" a\r\n", " a\r"}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        CLEANUP(secret_free) struct secret secret = {0};
        struct err err;
        put(rows[i].text, strlen(rows[i].text), 0400);
        assert_int_equal(secret_read_file(path, 100, &secret, &err), OK);
        assert_int_equal(secret.n, strlen(rows[i].wanted));
        assert_string_equal((const char *)secret.p, rows[i].wanted);
    }
}

static void a_passphrase_comes_from_file_or_systemd_and_nowhere_else(void **state)
{
    (void)state;
    CLEANUP(secret_free) struct secret by_file = {0}, by_name = {0};
    struct err err;
    put("hush\n", 5, 0600);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(secret_read_passphrase("", "passphrase", &by_name, &err), R_CRYPTO);
    assert_int_equal(secret_read_passphrase(path, "other", &by_file, &err), OK);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(secret_read_passphrase("", "other", &by_name, &err), R_CRYPTO);
    assert_int_equal(secret_read_passphrase("", "passphrase", &by_name, &err), OK);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_true(secret_equal(secret_bytes(&by_file), secret_bytes(&by_name)));
}

static void sizes_of_nothing_and_too_much_are_refused(void **state)
{
    (void)state;
    struct secret secret = {0};
    struct err err;
    assert_int_equal(secret_new(0, &secret, &err), R_LIMIT);
    assert_int_equal(secret_new(SECRET_MAX + 1, &secret, &err), R_LIMIT);
    assert_int_equal(secret_new(SECRET_MAX, &secret, &err), OK);
    secret.p[SECRET_MAX - 1] = 1;
    assert_int_equal(secret.p[SECRET_MAX], 0);
    secret_free(&secret);
    secret_free(&secret);
    assert_null(secret.p);
}

static void secrets_compare_by_every_byte(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_true(secret_equal((struct bytes){a, 32}, (struct bytes){b, 32}));
    assert_false(secret_equal((struct bytes){a, 32}, (struct bytes){b, 31}));
    assert_true(secret_equal((struct bytes){a, 0}, (struct bytes){NULL, 0}));
    for (size_t bit = 0; bit < 256; bit++) {
        b[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_false(secret_equal((struct bytes){a, 32}, (struct bytes){b, 32}));
        b[bit / 8] = 0;
    }
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    char text[] = "hush";
    secret_wipe(text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++)
        assert_int_equal(text[i], 0);
}

/* What comes on standard input, by a pipe. */
static enum result read_input(const char *text, size_t max, struct secret *ret, struct err *err)
{
    int ends[2], before = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    enum result result = secret_read_input(max, ret, err);
    dup2(before, STDIN_FILENO);
    close(before);
    close(ends[0]);
    return result;
}

static void standard_input_is_read_to_its_end_within_a_limit(void **state)
{
    (void)state;
    struct err err = {0};
    struct secret secret = {0};
    assert_int_equal(read_input("12345", 4, &secret, &err), err_set(NULL, E_TOO_LARGE, "."));
    assert_int_equal(read_input("\n", 4, &secret, &err), err_set(NULL, E_KEY, "."));
    assert_int_equal(read_input("", 4, &secret, &err), err_set(NULL, E_KEY, "."));
    assert_int_equal(read_input("123\n", 4, &secret, &err), OK);
    assert_int_equal(secret.n, 3);
    assert_string_equal((const char *)secret.p, "123");
    secret_free(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_file_that_others_may_read_is_refused, remove_file),
        cmocka_unit_test_teardown(empty_large_missing_and_strange_files_are_refused, remove_file),
        cmocka_unit_test_teardown(one_line_feed_at_the_end_is_not_part_of_it, remove_file),
        cmocka_unit_test_teardown(a_passphrase_comes_from_file_or_systemd_and_nowhere_else,
                                  remove_file),
        cmocka_unit_test(standard_input_is_read_to_its_end_within_a_limit),
        cmocka_unit_test(sizes_of_nothing_and_too_much_are_refused),
        cmocka_unit_test(secrets_compare_by_every_byte),
        cmocka_unit_test(wiping_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
