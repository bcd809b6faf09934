#include <base/config.h>
#include <base/file.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/troth-config-XXXXXX";
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

static enum result read_text(const char *text, struct config *ret, struct err *err)
{
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(file_write(path, 0600, bytes, err), OK);
    return config_read(path, ret, err);
}

struct refusal {
    const char *text;
    size_t line;
    const char *said; /* part of the message */
};

static void check_refusal(const struct refusal *row)
{
    struct config config, untouched;
    struct err err = {.code = E_NONE};
    char head[96];
    memset(&config, 0x5a, sizeof config);
    memset(&untouched, 0x5a, sizeof untouched);
    assert_int_equal(read_text(row->text, &config, &err), R_INVALID);
    assert_int_equal(err.code, E_CONFIG);
    assert_memory_equal(&config, &untouched, sizeof config);

    snprintf(head, sizeof head, "%s:%zu: ", path, row->line);
    if (strncmp(err.text, head, strlen(head)) != 0 || strstr(err.text, row->said) == NULL)
        fail_msg("of '%s' said: %s\nwanted %s ... %s", row->text, err.text, head, row->said);
}

static void what_is_not_one_document_is_refused(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"", 1, "empty"},
        {"# only a comment\n", 1, "empty"},
        {"---\n", 1, "wanted"},
        {"fronts: 2\n---\nfronts: 3\n", 2, "second document"},
        {"fronts: 2\n...\n---\n", 3, "second document"},
        {"- fronts\n", 1, "MAPPING"},
        {"fronts\n", 1, "MAPPING"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void syntax_errors_name_their_line(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"fronts: 2\ndata: x\n  y: z\n", 3, "YAML syntax"},
        {"fronts: 2\n\tdata: x\n", 2, "YAML syntax"},
        {"fronts: 2\ndata: \"x\n", 3, "YAML syntax"},
        {"fronts: 2\ndata: \x01\n", 0 + 1, "YAML syntax"},
        {"fronts: 2\ndata: \"/a\\0b\"\n", 2, "NUL"},
        {"data: &a /x\npublic: *a\n", 2, "alias"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void unknown_and_double_keys_are_refused_at_their_line(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"front: 2\n", 1, "Unexpected key: front"},
        {"fronts: 2\nlimits:\n  idle_s: 5\n  idle: 5\nlab: no\n", 4, "Unexpected key: idle"},
        {"fronts: 2\n\n\nlisten:\n  data: x\ndata: /x\n", 5, "Unexpected key: data"},
        {"fronts: 2\ndata: /x\nfronts: 3\n", 3, "already seen: fronts"},
        {"Fronts: 2\n", 1, "Unexpected key: Fronts"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void values_of_the_wrong_type_are_refused(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"fronts: two\n", 1, "two"},
        {"fronts: -1\n", 1, "-1"},
        {"fronts: 4294967297\n", 1, "4294967297"},
        {"fronts:\n", 1, "Invalid"},
        {"fronts: [2]\n", 1, "SEQUENCE"},
        {"data: {a: b}\n", 1, "MAPPING"},
        {"data: ''\n", 1, "length"},
        {"lab: on\n", 1, "ENUM"},
        {"lab: 1\n", 1, "ENUM"},
        {"fronts: 1\nsandbox:\n  seccomp: no\n", 3, "ENUM"},
        {"limits:\n", 1, "MAPPING"},
        {"server:\n  names: []\n", 2, "Insufficient"},
        {"server:\n  names: [a, b, c, d, e, f, g, h, i]\n", 2, "Excessive"},
        {"server:\n  names: host\n", 2, "SEQUENCE"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void numbers_out_of_range_are_refused_with_the_range(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"fronts: 0\n", 1, "fronts: 0 is out of range, wanted 1 to 16"},
        {"fronts: 17\n", 1, "wanted 1 to 16"},
        {"limits:\n  per_ip: 1\n  connections: 0\n", 3, "limits.connections: 0"},
        {"limits:\n  idle_s: 0\n", 2, "wanted 1 to 3600"},
        {"limits:\n  header_ms: 99\n", 2, "wanted 100 to 600000"},
        {"limits:\n  request_ms: 600001\n", 2, "wanted 100 to 600000"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

#define HOOK "webhooks:\n  - name: a\n    url: "

static void webhooks_are_checked(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"webhooks: {name: a}\n", 1, "SEQUENCE"},
        {"webhooks:\n  - nam: a\n", 2, "Unexpected key: nam"},
        {"webhooks:\n  - url: http://127.0.0.1\n", 2, "wanted a name"},
        {"webhooks:\n  - name: A\n    url: http://127.0.0.1\n", 2, "lower-case"},
        {HOOK "http://127.0.0.1\n  - name: a\n    url: http://127.0.0.1\n", 4, "another one's"},
        {"webhooks:\n  - name: a\n", 2, "wanted url"},
        {HOOK "http://host/x\n", 2, "wanted https; http only to 127.0.0.1"},
        {HOOK "https://host/x\n", 2, "wanted ca_file"},
        {HOOK "https://u:p@host/x\n", 2, "url: seen"},
        {HOOK "https://host\n    ca_file: none.pem\n", 2, "no such file"},
        {HOOK "https://host\n    ca_file: /etc/passwd\n", 2, "another folder"},
        {HOOK "https://host\n    ca_file: ../../etc/passwd\n", 2, "another folder"},
        {HOOK "https://host\n    ca_file: troth.yaml\n", 2, "no certificate"},
        {HOOK "http://127.0.0.1\n    events: []\n", 2, "opened, closed or answered"},
        {HOOK "http://127.0.0.1\n    events: [open]\n", 4, "open"},
        {HOOK "http://127.0.0.1\n    severity: none\n", 4, "ENUM"},
        {HOOK "http://127.0.0.1\n    timeout_ms: 99\n", 2, "wanted 100 to 60000"},
        {HOOK "http://127.0.0.1\n    owner: ''\n", 4, "STRING"},
        {HOOK "http://127.0.0.1\n    owner: \"a\\x07\"\n", 2, "wanted printable ASCII"},
        {"retention:\n  answers_s: 3599\n", 2, "retention.answers_s: 3599 is out of range"},
        {"retention:\n  webhooks_s: 59\n", 2, "wanted 60 to"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void a_webhook_brings_the_certificates_of_its_receiver(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    struct config config;
    struct err err = {0};
    char ca[96];
    snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    assert_int_equal(file_write(ca, 0600, bytes_of(pem, sizeof pem - 1), NULL), OK);
    enum result result =
        read_text(HOOK "https://siem.example:8443/in\n    ca_file: ca.pem\n    owner: ACME Ltd\n",
                  &config, &err);
    unlink(ca);
    assert_int_equal(result, OK);
    assert_int_equal(config.webhook_count, 1);
    assert_string_equal(config.webhooks[0].ca, pem);
    assert_string_equal(config.webhooks[0].ca_file, ca);
    assert_int_equal(config.webhooks[0].events, WEBHOOK_OPENED | WEBHOOK_CLOSED | WEBHOOK_ANSWERED);
    assert_string_equal(config.webhooks[0].owner, "ACME Ltd");
    assert_int_equal(config.webhooks[0].severity, 1);
    assert_int_equal(config.webhooks[0].timeout_ms, 10000);
}

static void names_and_addresses_are_checked(void **state)
{
    (void)state;
    const struct refusal rows[] = {
        {"listen:\n  plain: 127.0.0.1:1\n  device: localhost:8443\n", 3, "listen.device"},
        {"listen:\n  operator: 127.0.0.1\n", 2, "wanted IPv4:PORT"},
        {"listen:\n  plain: 127.0.0.1:65536\n", 2, "127.0.0.1:65536"},
        {"server:\n  names:\n    - good.example\n    - '*.example'\n", 4, "*.example"},
        {"server:\n  names: ['a..b']\n", 2, "a..b"},
        {"server:\n  names: [-a.example]\n", 2, "-a.example"},
        {"server:\n  names: [a.example.]\n", 2, "a.example."},
        {"public_url: https://a\n", 1, "http://HOST"},
        {"public_url: http://a/\n", 1, "without a slash"},
        {"public_url: http://\n", 1, "http://HOST"},
        {"public_url: http:///a\n", 1, "http://HOST"},
        {"users: Troth\n", 1, "a letter first"},
        {"users: 0troth\n", 1, "a letter first"},
        {"users: troth/x\n", 1, "a letter first"},
        {"public_url: 'http://a b'\n", 1, "http://HOST"},
        {"public_url: http://a?b\n", 1, "http://HOST"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        check_refusal(&rows[i]);
}

static void a_path_that_grows_too_long_is_refused(void **state)
{
    (void)state;
    char text[256];
    snprintf(text, sizeof text, "fronts: 1\nlisten:\n  local: %099d\n", 0);
    check_refusal(&(struct refusal){text, 3, "listen.local: the whole path has"});
}

static void a_file_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(config_read("/nonexistent/troth.yaml", &config, &err), R_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/troth.yaml"));
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    CLEANUP(blob_free) struct blob big = {malloc(CONFIG_BYTES_MAX + 1), CONFIG_BYTES_MAX + 1};
    struct config config;
    struct err err;
    memset(big.p, '#', big.n);
    assert_int_equal(file_write(path, 0600, blob_bytes(&big), &err), OK);
    assert_int_equal(config_read(path, &config, &err), R_LIMIT);
}

static void defaults_fill_what_the_file_leaves_out(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(read_text("lab: no\n", &config, &err), OK);
    assert_string_equal(config.data, "/var/lib/troth");
    assert_string_equal(config.public_files, "/var/lib/troth/public");
    assert_string_equal(config.listen.local, "/var/lib/troth/local.sock");
    assert_string_equal(config.passphrase_file, "");
    assert_string_equal(config.public_url, "http://localhost:8080");
    assert_int_equal(config.server_name_count, 1);
    assert_string_equal(config.server_names[0], "localhost");
    assert_int_equal(config.fronts, 2);
    assert_int_equal(address_port(&config.listen.device), 8443);
    assert_int_equal(address_port(&config.listen.operators), 8444);
    assert_int_equal(address_port(&config.listen.plain), 8080);
    assert_int_equal(config.limits.connections, 6000);
    assert_int_equal(config.limits.per_ip, 0);
    assert_int_equal(config.limits.idle_s, 60);
    assert_int_equal(config.limits.handshake_ms, 10000);
    assert_int_equal(config.limits.header_ms, 10000);
    assert_int_equal(config.limits.body_ms, 20000);
    assert_int_equal(config.limits.request_ms, 30000);
    assert_int_equal(config.limits.requests, 2000);
    assert_int_equal(config.limits.product_per_s, 1000);
    assert_int_equal(config.limits.product_burst, 2000);
    assert_int_equal(config.limits.address_per_s, 200);
    assert_int_equal(config.limits.address_burst, 2000);
    assert_int_equal(config.limits.ocsp_per_s, 1000);
    assert_int_equal(config.limits.approval_s, 86400);
    assert_true(config.sandbox_seccomp);
    assert_true(config.sandbox_landlock);
    assert_false(config.lab);
}

static void the_example_file_is_the_defaults(void **state)
{
    (void)state;
    char example[512];
    struct config by_example, by_default;
    struct err err;
    snprintf(example, sizeof example, "%s/packaging/troth.yaml", getenv("TROTH_SOURCE"));
    assert_int_equal(config_read(example, &by_example, &err), OK);
    assert_int_equal(read_text("lab: no\n", &by_default, &err), OK);
    assert_memory_equal(&by_example, &by_default, sizeof by_default);
}

static void what_the_file_says_is_taken(void **state)
{
    (void)state;
    const char *text = "data: state\n"
                       "passphrase_file: secret/pass\n"
                       "public_url: http://crl.example:81/pki\n"
                       "server: {names: [a.example, 192.0.2.1, '2001:db8::1']}\n"
                       "listen: {device: '[::1]:0', plain: 0.0.0.0:80, local: /run/t.sock}\n"
                       "limits: {connections: 10, per_ip: 3, idle_s: 5}\n"
                       "fronts: 16\n"
                       "sandbox: {landlock: off}\n"
                       "lab: yes\n";
    struct config config;
    struct err err;
    char wanted[96];
    assert_int_equal(read_text(text, &config, &err), OK);
    snprintf(wanted, sizeof wanted, "%s/state", folder);
    assert_string_equal(config.data, wanted);
    snprintf(wanted, sizeof wanted, "%s/state/public", folder);
    assert_string_equal(config.public_files, wanted);
    snprintf(wanted, sizeof wanted, "%s/secret/pass", folder);
    assert_string_equal(config.passphrase_file, wanted);
    assert_string_equal(config.listen.local, "/run/t.sock");
    assert_string_equal(config.public_url, "http://crl.example:81/pki");
    assert_int_equal(config.server_name_count, 3);
    assert_string_equal(config.server_names[2], "2001:db8::1");
    assert_string_equal(config.listen.device.text, "[::1]:0");
    assert_int_equal(address_port(&config.listen.plain), 80);
    assert_int_equal(config.limits.per_ip, 3);
    assert_int_equal(config.fronts, 16);
    assert_true(config.sandbox_seccomp);
    assert_false(config.sandbox_landlock);
    assert_true(config.lab);
}

static void the_public_url_follows_the_first_name_and_the_plain_port(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(
        read_text("server: {names: ['::1']}\nlisten: {plain: '[::1]:81'}\n", &config, &err), OK);
    assert_string_equal(config.public_url, "http://[::1]:81");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_one_document_is_refused),
        cmocka_unit_test(syntax_errors_name_their_line),
        cmocka_unit_test(unknown_and_double_keys_are_refused_at_their_line),
        cmocka_unit_test(values_of_the_wrong_type_are_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(names_and_addresses_are_checked),
        cmocka_unit_test(webhooks_are_checked),
        cmocka_unit_test(a_webhook_brings_the_certificates_of_its_receiver),
        cmocka_unit_test(a_path_that_grows_too_long_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_said_so),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(defaults_fill_what_the_file_leaves_out),
        cmocka_unit_test(the_example_file_is_the_defaults),
        cmocka_unit_test(what_the_file_says_is_taken),
        cmocka_unit_test(the_public_url_follows_the_first_name_and_the_plain_port),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
