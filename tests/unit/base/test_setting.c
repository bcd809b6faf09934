/* The table of settings: it has all of struct config, and what it writes reads as the same. */
#include <base/file.h>
#include <base/log.h>
#include <base/setting.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/troth-setting-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/troth.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(path) != 0 || rmdir(folder) != 0;
}

static struct config read_text(const char *text)
{
    struct config config;
    struct err err = {0};
    assert_int_equal(file_write(path, 0600, bytes_of(text, strlen(text)), NULL), OK);
    if (config_read(path, &config, &err) != OK)
        fail_msg("%s: %s", text, err.text);
    return config;
}

/* Every value other than the default. */
#define ODD                                                                                        \
    "data: /d\\x20 \npublic: /p\npassphrase_file: /x\npublic_url: http://h:1/q\nusers: "           \
    "t\nfronts: 3\n"                                                                               \
    "lab: yes\nserver: {names: [a.example, 192.0.2.1]}\n"                                          \
    "listen: {device: '[::1]:1', operator: '127.0.0.1:2', plain: '127.0.0.1:3', local: /l}\n"      \
    "limits: {connections: 1, per_ip: 2, idle_s: 3, handshake_ms: 101, header_ms: 102, "           \
    "body_ms: 103, request_ms: 104, requests: 5, product_per_s: 6, product_burst: 7, "             \
    "address_per_s: 8, address_burst: 9, ocsp_per_s: 11, approval_s: 10}\nsandbox: {seccomp: "     \
    "off, landlock: "                                                                              \
    "off}\n"                                                                                       \
    "log: {format: json, to: journal, level: error}\n"                                             \
    "retention: {answers_s: 3601, counters_s: 7201, seen_s: 3602, checkpoints_s: 3603, "           \
    "webhooks_s: 61}\n"                                                                            \
    "webhooks: [{name: a-1, url: 'http://127.0.0.1:1/x?y=z', events: [closed, answered], "         \
    "severity: high, timeout_ms: 101, owner: 'A \"B\"'}, {name: b, url: 'http://[::1]/'}]\n"

static size_t write_all(const struct config *config, char *to, size_t size)
{
    char value[SETTING_VALUE_MAX];
    const struct setting *setting = NULL;
    const char *section = "";
    size_t n = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
            if ((setting->section != NULL) != (pass == 1))
                continue;
            if (pass == 1 && strcmp(section, setting->section) != 0)
                n += (size_t)snprintf(to + n, size - n, "%s:\n", setting->section);
            section = pass == 1 ? setting->section : "";
            setting_write(setting, config, value);
            if (value[0] != '\0')
                n += (size_t)snprintf(to + n, size - n, "%s%s: %s\n", pass == 1 ? "  " : "",
                                      setting->key, value);
            count++;
        }
    return count;
}

static void what_it_writes_reads_as_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {ODD, "fronts: 2\n", "data: '/a\"b\\c'\n"};
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        char text[16384];
        struct config config = read_text(texts[i]);
        write_all(&config, text, sizeof text);
        struct config again = read_text(text);
        assert_memory_equal(&config, &again, sizeof config);
    }
}

static size_t size_of(const struct setting *setting, const struct config *config)
{
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_NAMES: /* the first of them */
        return strlen((const char *)config + setting->offset) + 1;
    case SETTING_ADDRESS:
        return sizeof(struct address);
    case SETTING_ON_OFF:
    case SETTING_YES_NO:
        return sizeof(bool);
    case SETTING_WEBHOOKS:
        return sizeof config->webhooks;
    case SETTING_NUMBER:
    case SETTING_WORD:
        break;
    }
    return sizeof(uint32_t);
}

/* Each row alone: the same file but for that one value. */
static void a_change_is_allowed_or_named_by_its_row(void **state)
{
    (void)state;
    struct config now = read_text(ODD), other = read_text("fronts: 2\n");
    const struct setting *setting = NULL;
    size_t allowed = 0;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        struct config next = now;
        struct err err = {0};
        memcpy((char *)&next + setting->offset, (const char *)&other + setting->offset,
               size_of(setting, &other));
        enum result result = settings_allow_reload(&now, &next, &err);
        struct setting_name name = setting_name(setting);
        allowed += result == OK;
        assert_int_equal(result, setting->is_reloaded ? OK : R_CONFLICT);
        if (result != OK && strncmp(err.text, name.text, strlen(name.text)) != 0)
            fail_msg("%s: %s", name.text, err.text);
    }
    assert_int_equal(allowed, 21);
}

static void the_same_configuration_is_always_allowed(void **state)
{
    (void)state;
    struct config now = read_text(ODD);
    assert_int_equal(settings_allow_reload(&now, &now, NULL), OK);
}

static void a_line_is_that_of_the_value(void **state)
{
    (void)state;
    (void)read_text("fronts: 2\nlimits:\n  idle_s: 3\nserver:\n  names:\n    - a\n    - b\n");
    assert_int_equal(config_line(path, NULL, "fronts", -1), 1);
    assert_int_equal(config_line(path, "limits", "idle_s", -1), 3);
    assert_int_equal(config_line(path, "server", "names", 1), 7);
    assert_int_equal(config_line(path, "limits", "body_ms", -1), 0);
    assert_int_equal(config_line("/nonexistent/troth.yaml", NULL, "fronts", -1), 0);
}

static void what_was_handed_over_broken_is_not_whole(void **state)
{
    (void)state;
    struct config_handed good = {.result = OK};
    good.config = read_text(ODD);
    assert_true(config_is_whole(&good));
    struct config_handed bad = good;
    bad.config.server_name_count = CONFIG_NAMES_MAX + 1;
    assert_false(config_is_whole(&bad));
    bad = good;
    bad.config.log.level = LEVEL_ERROR + 1;
    assert_false(config_is_whole(&bad));
    bad = good;
    bad.config.webhook_count = CONFIG_WEBHOOKS_MAX + 1;
    assert_false(config_is_whole(&bad));
    bad = good;
    bad.config.webhooks[1].severity = 5;
    assert_false(config_is_whole(&bad));
    bad = good;
    memset(bad.config.webhooks[0].ca, 'x', CONFIG_CA_MAX);
    assert_false(config_is_whole(&bad));
    bad = good;
    memset(bad.config.webhooks[0].owner, 'x', CONFIG_OWNER_MAX);
    assert_false(config_is_whole(&bad));
    bad = good;
    memset(bad.config.listen.plain.text, 'x', ADDRESS_TEXT_MAX);
    assert_false(config_is_whole(&bad));
    bad = good;
    memset(bad.config.public_url, 'x', CONFIG_URL_MAX);
    assert_false(config_is_whole(&bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_handed_over_broken_is_not_whole),
        cmocka_unit_test(a_line_is_that_of_the_value),
        cmocka_unit_test(what_it_writes_reads_as_the_same),
        cmocka_unit_test(a_change_is_allowed_or_named_by_its_row),
        cmocka_unit_test(the_same_configuration_is_always_allowed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
