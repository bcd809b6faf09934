/* Addresses of others' servers: what is refused, and what is read of the rest. */
#include <base/url.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void what_two_readers_could_read_differently_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "siem.example",
        "ftp://siem.example",
        "HTTPS://siem.example",
        "https:/siem.example",
        "https://",
        "https:///x",
        "https://:443/",
        "https://user@siem.example/",
        "https://siem.example@evil.example/",
        "https://siem.example:443@evil.example/",
        "https://siem.example\\@evil.example/",
        "https://siem.example#@evil.example/",
        "https://siem.example/#x",
        "https://siem.example/ x",
        "https://siem.example/x\r\nHost: evil",
        "https://siem.example/\x7f",
        "https://siem.example/\xc3\xa9",
        "https://siem.example?x",
        "https://siem.example:/",
        "https://siem.example:0/",
        "https://siem.example:65536/",
        "https://siem.example:4 43/",
        "https://siem.example:443:443/",
        "https://-siem.example/",
        "https://siem.example./",
        "https://*.example/",
        "https://::1/",
        "https://[::1/",
        "https://[siem.example]/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25lo]/",
        "http://siem.example/",
        "http://localhost/",
        "http://127.evil.example/",
        "http://192.0.2.1/",
        "http://[::]/",
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct url url, untouched;
        struct err err = {0};
        memset(&url, 0x5a, sizeof url);
        memset(&untouched, 0x5a, sizeof untouched);
        if (url_parse(bad[i], &url, &err) != R_INVALID)
            fail_msg("%s was read", bad[i]);
        assert_memory_equal(&url, &untouched, sizeof url);
    }
}

static void a_long_one_is_refused(void **state)
{
    (void)state;
    char text[URL_TEXT_MAX + 1];
    struct url url;
    memset(text, 'x', sizeof text);
    memcpy(text, "https://siem/", 13);
    text[URL_TEXT_MAX] = '\0';
    assert_int_equal(url_parse(text, &url, NULL), R_INVALID);
    text[URL_TEXT_MAX - 1] = '\0';
    assert_int_equal(url_parse(text, &url, NULL), OK);
}

static void host_port_and_base_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *base;
        uint16_t port;
        bool is_tls, is_literal;
    } rows[] = {
        {"https://siem.example", "siem.example", "https://siem.example", 443, true, false},
        {"https://siem.example/", "siem.example", "https://siem.example", 443, true, false},
        {"https://s:8443/a/b?c=d&e", "s", "https://s:8443", 8443, true, false},
        {"https://192.0.2.1/x", "192.0.2.1", "https://192.0.2.1", 443, true, true},
        {"https://[2001:db8::1]:1/x", "2001:db8::1", "https://[2001:db8::1]:1", 1, true, true},
        {"http://127.0.0.1:65535/x", "127.0.0.1", "http://127.0.0.1:65535", 65535, false, true},
        {"http://[::1]/", "::1", "http://[::1]", 80, false, true},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct url url;
        struct err err = {0};
        if (url_parse(rows[i].text, &url, &err) != OK)
            fail_msg("%s", err.text);
        assert_string_equal(url.host, rows[i].host);
        assert_string_equal(url.base, rows[i].base);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.is_tls, rows[i].is_tls);
        assert_int_equal(url.is_literal, rows[i].is_literal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
        cmocka_unit_test(a_long_one_is_refused),
        cmocka_unit_test(host_port_and_base_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
