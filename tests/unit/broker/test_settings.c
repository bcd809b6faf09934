#include <base/file.h>
#include <broker/settings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct err err;

static void options_are_taken_once_and_no_others(void **state)
{
    (void)state;
    static char long_name[LIMIT_NAME + 2];
    struct broker_settings settings = {0};
    memset(long_name, 'a', sizeof long_name - 1);
    assert_int_equal(broker_settings_check(&settings, &err), R_INVALID);
    assert_non_null(strstr(err.text, "plugin_opt_state"));
    assert_int_equal(broker_option(&settings, "state", "/s", &err), OK);
    assert_int_equal(broker_settings_check(&settings, &err), R_INVALID);
    assert_non_null(strstr(err.text, "plugin_opt_service"));
    assert_int_equal(broker_option(&settings, "service", long_name, &err), R_INVALID);
    assert_int_equal(broker_option(&settings, "service", "", &err), R_INVALID);
    assert_int_equal(broker_option(&settings, "service", "telemetry", &err), OK);
    assert_int_equal(broker_settings_check(&settings, &err), OK);
    assert_int_equal(broker_option(&settings, "service", "other", &err), R_INVALID);
    assert_non_null(strstr(err.text, "twice"));
    assert_int_equal(broker_option(&settings, "servce", "a", &err), R_INVALID);
    assert_non_null(strstr(err.text, "servce"));
    assert_string_equal(settings.service, "telemetry");
}

static enum result check(const char *text)
{
    return broker_config_check("m.conf", bytes_of(text, strlen(text)), NULL, &err);
}

static void what_bypasses_plugins_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "use_identity_as_username true\n",
        "listener 8883\n \t use_subject_as_username\ttrue",
        "use_identity_as_username false\nuse_identity_as_username true\r\n",
        "use_identity_as_username",
        "use_identity_as_username 1\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(check(bad[i]), R_CONFLICT);
    assert_int_equal(check(bad[1]), R_CONFLICT);
    assert_non_null(strstr(err.text, "m.conf line 2: use_subject_as_username"));
    static const char *const good[] = {
        "",
        "\n\n",
        "#use_identity_as_username true\n",
        "use_identity_as_username false\n",
        "listener 8883\nuse_identity_as_username_x true\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(check(good[i]), OK);
}

static void files_of_the_include_dir_are_looked_at_too(void **state)
{
    (void)state;
    char home[] = "/tmp/troth-broker-XXXXXX", path[128], text[128];
    struct broker_settings settings = {0};
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof path, "%s/conf.d", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(text, sizeof text, "include_dir %s \ninclude_dir %s\n", path, home);
    snprintf(settings.config, sizeof settings.config, "%s/m.conf", home);
    assert_int_equal(file_write(settings.config, 0600, bytes_of(text, strlen(text)), &err), OK);
    assert_int_equal(broker_config_check_files(&settings, &err), OK);

    snprintf(path, sizeof path, "%s/conf.d/a.conf", home);
    static const char bypass[] = "use_identity_as_username true\n";
    assert_int_equal(file_write(path, 0600, bytes_of(bypass, sizeof bypass - 1), &err), OK);
    assert_int_equal(broker_config_check_files(&settings, &err), R_CONFLICT);
    assert_non_null(strstr(err.text, "a.conf line 1"));
    unlink(path);
    unlink(settings.config);
    assert_int_equal(broker_config_check_files(&settings, &err), R_NOT_FOUND);
    settings.config[0] = '\0'; /* this test has no -c */
    assert_int_equal(broker_config_check_files(&settings, &err), R_NOT_FOUND);
    assert_non_null(strstr(err.text, "plugin_opt_config"));
    snprintf(path, sizeof path, "%s/conf.d", home);
    rmdir(path);
    rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken_once_and_no_others),
        cmocka_unit_test(what_bypasses_plugins_is_found_wherever_it_stands),
        cmocka_unit_test(files_of_the_include_dir_are_looked_at_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
